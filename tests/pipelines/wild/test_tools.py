from tests.pipelines.wild.driver import Wild


class TestTools(Wild):
    family = "tools"
