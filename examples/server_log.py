"""Counts the requests of a web server's log by status and by hour."""

import re
from collections import Counter
from datetime import datetime

LINE = re.compile(r'\S+ \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) \S+')


class LogError(ValueError):
    """A line of the log does not have the usual form."""


def parse_line(line):
    """Return time, request and status of a line of the log."""
    match = LINE.match(line)
    if match is None:
        
    time = datetime.strptime(match["time"], "%d/%b/%Y:%H:%M:%S %z")
    return time, match["request"], int(match["status"])


def count(lines):
    """Count the lines by status and by hour."""
    by_status = Counter()
    by_hour = 
    for line in lines:
        time, _, status = parse_line(line)
        by_status[status] += 1
        by_hour[time.hour] += 1
    return by_status, by_hour
