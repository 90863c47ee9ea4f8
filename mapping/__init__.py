"""What is true: items, tables, merge, rules.

Whatever imports one of them takes its time zones from the pinned package tzdata, and not from the machine: zones change
with every year, and two workers, or a worker and a test, must not disagree on when a meeting takes place.
"""

import zoneinfo

zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()
