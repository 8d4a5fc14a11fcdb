"""Report -> text | HTML | CSV and JSON: pure functions of records, without course or folder."""
