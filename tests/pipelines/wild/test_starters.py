from tests.pipelines.wild.driver import Wild


class TestStarters(Wild):
    family = "starters"
