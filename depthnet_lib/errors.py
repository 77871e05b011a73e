"""The one error that the kit raises for bad input; the command line turns it into one line and exit code 2."""


class InputError(ValueError):
    """Input that cannot be used: what it is, why, and what to do about it. One printable line, whatever it names.

    >>> str(InputError("face.png", "no face found", "give a photo with a visible face"))
    'face.png: no face found; give a photo with a visible face'
    """

    def __init__(self, subject: object, reason: str, remedy: str):
        self.subject, self.reason, self.remedy = map(_printable, (subject, reason, remedy))
        super().__init__(f"{self.subject}: {self.reason}; {self.remedy}")

    def __reduce__(self):
        """Pickled by its three parts, so that it comes back whole from another process."""
        return type(self), (self.subject, self.reason, self.remedy)


def _printable(text: object) -> str:
    """Names of files can hold line ends and terminal codes: those are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
