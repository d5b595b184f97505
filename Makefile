# Aliases; the commands themselves are in bin/.
.PHONY: setup demo test check format lock mutate

setup demo test check:
	@bin/$@

format: setup
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

# One resolution for every supported Python, from 3.11.0 on: redis, for one, needs a further package before 3.11.3.
LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes

lock: setup
	$(LOCK) -o requirements/base.txt pyproject.toml
	$(LOCK) --extra dev --extra lint -o requirements/dev.txt pyproject.toml
	$(LOCK) -o requirements/node.txt requirements/node.in

# Change the pure rules one place at a time and list the changes that no test notices: half an hour of one core, so not
# part of bin/test. A second run only does what changed; JOBS=2 uses two cores.
mutate: setup
	CI=1 nice -n 19 .venv/bin/mutmut run --max-children $(or $(JOBS),1)
	.venv/bin/mutmut results
