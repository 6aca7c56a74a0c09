from tests.pipelines.wild.driver import Wild


class TestShell(Wild):
    family = "shell"
