"""The one error that the kit raises for bad input; the command line turns it into one line and exit code 2."""


class InputError(ValueError):
    """Input that cannot be used: what it is, why, and what to do about it.

    >>> str(InputError("face.png", "no face found", "give a photo with a visible face"))
    'face.png: no face found; give a photo with a visible face'
    """

    def __init__(self, subject: object, reason: str, remedy: str):
        self.subject, self.reason, self.remedy = str(subject), reason, remedy
        super().__init__(f"{subject}: {reason}; {remedy}")

    def __reduce__(self):
        """Pickled by its three parts, so that it comes back whole from another process."""
        return type(self), (self.subject, self.reason, self.remedy)
