-- All SQL of the journal, each statement named by the line above it; `queries.py` reads it.

-- name: create
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    engine_deaths INTEGER NOT NULL,
    sentence TEXT NOT NULL,
    hint TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number);
CREATE TABLE IF NOT EXISTS pictures (
    job TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    body TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, "index")
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_by_job ON events (job, number);
CREATE INDEX IF NOT EXISTS jobs_by_model ON jobs (json_extract(request, '$.model.sha256'));
CREATE INDEX IF NOT EXISTS jobs_by_refiner
ON jobs (json_extract(request, '$.refiner.model.sha256'));

-- name: put_job
-- A job that ended stays as it ended, whatever is written afterwards.
INSERT INTO jobs (
    id, kind, owner, state, request, created, started, ended, engine_deaths, sentence, hint
) VALUES (
    :id, :kind, :owner, :state, :request, :created, :started, :ended, :engine_deaths, :sentence,
    :hint
) ON CONFLICT (id) DO UPDATE SET
    state = excluded.state,
    request = excluded.request,
    started = excluded.started,
    ended = excluded.ended,
    engine_deaths = excluded.engine_deaths,
    sentence = excluded.sentence,
    hint = excluded.hint
WHERE jobs.state IN ('queued', 'running');

-- name: put_picture
INSERT INTO pictures (job, "index", body) VALUES (:job, :index, :body)
ON CONFLICT (job, "index") DO UPDATE SET body = excluded.body;

-- name: delete_picture
-- Its index stays, so that a job that goes on does not make it again.
UPDATE pictures SET deleted = 1 WHERE job = :job AND "index" = :index;

-- name: add_event
INSERT INTO events (job, at, body) VALUES (:job, :at, :body);

-- name: active_jobs
SELECT * FROM jobs WHERE state IN ('queued', 'running') ORDER BY number;

-- name: ended_jobs
-- Those that somebody may look for; maps are asked for by the dozen.
SELECT * FROM jobs WHERE state NOT IN ('queued', 'running') AND kind <> 'map'
ORDER BY number DESC LIMIT :limit;

-- name: job
SELECT * FROM jobs WHERE id = :id;

-- name: pictures_of
SELECT "index", body, deleted FROM pictures WHERE job = :job ORDER BY "index";

-- name: all_pictures
SELECT pictures.body FROM pictures JOIN jobs ON jobs.id = pictures.job
WHERE NOT pictures.deleted ORDER BY jobs.number, pictures."index";

-- name: events_of
SELECT body FROM events WHERE job = :job ORDER BY number;

-- name: prompts_of
-- Distinct ones among the last of somebody's jobs.
SELECT positive, negative, max(created) AS at FROM (
    SELECT
        json_extract(request, iif(kind = 'series', '$.base', '$') || '.prompt.positive')
            AS positive,
        json_extract(request, iif(kind = 'series', '$.base', '$') || '.prompt.negative')
            AS negative,
        created,
        number
    FROM jobs WHERE owner = :owner AND kind IN ('generate', 'series')
    ORDER BY number DESC LIMIT :looked_at
)
GROUP BY positive, negative ORDER BY max(number) DESC LIMIT :limit;

-- name: pictures_with_model
-- Found by the model's fingerprint, which a job knows before it begins. A series has one for all
-- pictures, and others for those that differ.
SELECT body FROM (
    SELECT jobs.number, pictures."index" AS place, pictures.body
    FROM jobs JOIN pictures ON pictures.job = jobs.id
    WHERE NOT pictures.deleted AND jobs.kind = 'generate' AND (
        json_extract(jobs.request, '$.model.sha256') = :sha256
        OR json_extract(jobs.request, '$.refiner.model.sha256') = :sha256
    )
    UNION ALL
    SELECT jobs.number, pictures."index", pictures.body
    FROM jobs, json_each(jobs.request, '$.changes') AS cell
    JOIN pictures ON pictures.job = jobs.id AND pictures."index" = cell.key
    WHERE NOT pictures.deleted AND jobs.kind = 'series' AND coalesce(
        json_extract(cell.value, '$.model.sha256'),
        json_extract(jobs.request, '$.base.model.sha256')
    ) = :sha256
)
ORDER BY number DESC, place DESC;

-- name: pictures_with_part
-- Parts in files of their own are known by their ids only.
SELECT pictures.body FROM jobs JOIN pictures ON pictures.job = jobs.id
WHERE NOT pictures.deleted AND jobs.kind = 'generate' AND EXISTS (
    SELECT 1 FROM json_each(jobs.request, '$.model.components') AS part
    WHERE json_extract(part.value, '$.id') = :id
)
ORDER BY jobs.number DESC, pictures."index" DESC;
