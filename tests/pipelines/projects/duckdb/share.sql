COPY (
    SELECT *, round(seats / sum(seats) OVER (), 6) AS share
    FROM 'makers.parquet'
    ORDER BY seats DESC, manufacturer, engines
) TO 'share.csv' (HEADER);
