from django.core.management.base import BaseCommand

from esa import doctor


class Command(BaseCommand):
    help = "Ask every server and check every setting that esa depends on, live, and say how to mend what fails."
    requires_system_checks = ()

    def handle(self, *_arguments: object, **_options: object) -> None:
        worst = doctor.FINE
        for title, finding in doctor.examine():
            mark = {doctor.FINE: "ok  ", doctor.WARNING: "WARN", doctor.FAILURE: "FAIL"}[finding.state]
            self.stdout.write(f"{mark} {title}: {finding.text}")
            if finding.mend:
                self.stdout.write(f"     → {finding.mend}")
            worst = max(worst, finding.state)
        if worst == doctor.FAILURE:
            raise SystemExit(1)
