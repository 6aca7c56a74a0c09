from tests.pipelines.wild.driver import Wild


class TestLayout(Wild):
    family = "layout"
