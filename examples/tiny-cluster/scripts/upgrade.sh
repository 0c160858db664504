#!/bin/bash
# Every host, one after the other, the first master first.
exec bash scripts/restart.sh
