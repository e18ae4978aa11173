# callbot: everything a person types. `make` alone explains.
.DEFAULT_GOAL := help
.PHONY: help demo serve test check fuzz bench bench-telephony soak fixtures lock pjsua2 clean run-env dev-env test-tools own-build

BIN := .venv/bin
ARGS ?=
export PYTHON

help: ## 说明这些命令 | says what each of these does
	@. deploy/say.sh; awk -F '## | \\| ' '/^[a-z0-9-]+:.*## /{split($$1, t, ":"); print t[1] "\t" $$2 "\t" $$3}' Makefile | \
	while IFS="$$(printf '\t')" read -r target zh en; do printf '  make %-15s %s\n' "$$target" "$$(say "$$zh" "$$en")"; done

demo: run-env ## 装好一切，给六位模拟客户打电话（参数：ARGS=--json） | install everything and call six simulated customers (ARGS=--json)
	@$(BIN)/callbot demo $(ARGS)

serve: run-env ## 启动整套系统 | start the whole system
	@$(BIN)/callbot serve $(ARGS)

test: dev-env test-tools own-build ## 全部测试（长跑除外） | all tests except the long soaks
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

check: dev-env ## 快速检查：格式、类型、分层、脚本、单元测试 | quick checks: format, types, layers, scripts, unit tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/callbot lint scripts_dsl ivr_flows
	$(BIN)/python -m pytest -q -m "unit or scripts" tests/unit tests/scripts

fuzz: dev-env test-tools ## 用两万条损坏的 SIP 消息测试（约半分钟） | throw twenty thousand damaged SIP messages (half a minute)
	$(BIN)/python -m pytest -m slow tests/e2e/test_bad_input.py $(ARGS)

bench: dev-env test-tools own-build ## 测量各项指标，写入 docs/figures.md | measure, and write docs/figures.md
	$(BIN)/python -m tests.bench.figures $(ARGS)

bench-telephony: dev-env test-tools own-build ## 测量电话层的指标（约十分钟） | measure the telephony figures alone, ten minutes
	$(BIN)/python -m tests.bench.telephony $(ARGS)

soak: dev-env own-build ## 一万通短通话，看内存 | ten thousand short calls, watching memory
	$(BIN)/python -m tests.bench.telephony --soak $(ARGS)

fixtures: dev-env ## 重新生成测试录音 | make the recordings for tests again
	$(BIN)/python audio_fixtures/make.py $(ARGS)

lock: dev-env ## 重新锁定依赖版本 | lock the versions of all dependencies again
	sh deploy/lock.sh $(ARGS)

pjsua2: run-env ## 编译自己的 SIP 库，每条线路 100 路（ARGS=--index 换回） | build our own SIP library: 100 legs a line (ARGS=--index: back)
	@sh deploy/pjsua2.sh $(ARGS)

clean: ## 删除运行环境和缓存（var/ 里的数据保留） | remove the environment and caches (data in var/ stays)
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-env:
	@sh deploy/setup.sh run >&2

dev-env:
	@sh deploy/setup.sh dev >&2

# Without the right to install them the tests that need them are skipped, and say so.
test-tools:
	@sh deploy/debian.sh espeak-ng graphviz sip-tester tshark postgresql kamailio >&2 || true

# The telephony tests run on both builds of PJSIP; where ours cannot be made they are skipped, and say so.
own-build:
	@sh deploy/pjsua2.sh --wheel >/dev/null || true
