"""Report -> text | HTML | CSV and JSON: pure functions of the records in model/. They know no course and no folder."""
