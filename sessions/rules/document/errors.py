"""What is wrong with evidence, and where."""


class EvidenceError(ValueError):
    """Evidence that cannot be read. `str()` is one line that begins with the place."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem
