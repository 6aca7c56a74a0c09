from tests.pipelines.wild.driver import Wild


class TestPython(Wild):
    family = "python"
