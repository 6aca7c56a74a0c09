from tests.pipelines.wild.driver import Wild


class TestState(Wild):
    family = "state"
