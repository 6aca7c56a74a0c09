#!/bin/sh
# The planes of one maker, sorted: a pipeline of small programs, and a child of a child.
set -e
mkdir -p lists
head -n 1 raw/planes.csv > lists/planes.csv
sh -c 'sh -c "grep BOEING raw/planes.csv"' | LC_ALL=C sort -t, -k1,1 >> lists/planes.csv
