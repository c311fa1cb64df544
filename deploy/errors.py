"""What can go wrong in a deployment; each kind has its exit code (README.md lists them)."""


class DeployError(Exception):
    """Told in a sentence that says what to do; nothing was changed, or the message says what was."""

    code = 1


class MigrationFailed(DeployError):
    """The migrate task did not end with 0; the services still run what they ran."""

    code = 3


class RolloutFailed(DeployError):
    """A service did not become stable; every service runs again what it ran before."""

    code = 4


class NotPutBack(DeployError):
    """A service did not become stable, and going back failed too: somebody must look."""

    code = 5


class Refused(DeployError):
    """AWS did not let us: no credentials, no permission, no such region."""

    code = 6
