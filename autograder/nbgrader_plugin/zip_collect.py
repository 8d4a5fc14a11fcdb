"""`nbgrader zip_collect` on the road of `autograder collect`: the step that unpacks does it all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin  # type: ignore[import-untyped]
from traitlets import Unicode

from autograder.model import AutograderError
from autograder.nbgrader_plugin import roster, settings
from autograder.nbgrader_plugin.collect import collect, told_of
from autograder.nbgrader_plugin.context import is_ours


class CollectByName(FileNameCollectorPlugin):  # type: ignore[misc]
    """The collector that says: no pattern of the course's own, so CollectCarefully does it all.

    For a platform that is not known set c.FileNameCollectorPlugin.named_regexp; it then decides
    alone, as in stock nbgrader.
    """


class CollectCarefully(ExtractorPlugin):  # type: ignore[misc]
    """Take what Moodle, Canvas, Blackboard, Brightspace, Gradescope, ILIAS and Teams export."""

    roster = Unicode("", help="A CSV file with the course's students, for their ids.").tag(
        config=True)

    zone = Unicode("UTC", help="The time zone of the platform's clock, for example "
                   "Europe/Berlin.").tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """What nbgrader calls first; it ends the command, with 1 if something was not taken."""
        app = self.parent
        plugin = app.collector_plugin_inst
        ours = is_ours(app.coursedir, app.coursedir.assignment_id)
        if not ours or type(plugin) is not CollectByName or plugin.named_regexp:
            super().extract(archive_path, extracted_path)
            return
        app.exit(self._collected(app, Path(archive_path)))

    def _collected(self, app: Any, archives: Path) -> int:
        try:
            known = roster.read(Path(app.coursedir.root) / self.roster) if self.roster else None
            found = collect(app.coursedir, archives.parent, [archives], known, app.force,
                            settings.zone(self.zone))
            for line in told_of(found, app.coursedir, known):
                print(line)
        except AutograderError as error:
            self.log.error("%s", error)
            return 1
        return found.code
