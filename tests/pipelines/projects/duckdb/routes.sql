SET threads = 2;
COPY (
    SELECT p.manufacturer, p.engines, count(*) AS planes, sum(p.seats) AS seats
    FROM read_csv('raw/planes.csv', nullstr = 'NA') AS p
    GROUP BY ALL
    ORDER BY ALL
) TO 'makers.parquet' (FORMAT parquet, COMPRESSION zstd);
