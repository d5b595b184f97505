# Aliases; the commands themselves are in bin/.
.PHONY: setup demo test check format lock

setup demo test check:
	@bin/$@

format: setup
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

# Takes minutes: the hashes of every file of every package are read.
PIP_COMPILE = CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: setup
	$(PIP_COMPILE) -o requirements/base.txt pyproject.toml
	$(PIP_COMPILE) --extra dev --extra lint -o requirements/dev.txt pyproject.toml
	$(PIP_COMPILE) -o requirements/node.txt requirements/node.in
