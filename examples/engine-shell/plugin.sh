#!/bin/sh
# exec: the gateway ends the process that it started, which has to be socat then.
exec socat UNIX-LISTEN:"$OUTRIGGER_SOCKET",fork,backlog=128 SYSTEM:'sh answer.sh'
