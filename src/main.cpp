// hullwatch: the command line. Parses, and delegates to src/cli.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>

#include "cli/config_command.h"
#include "cli/containers_command.h"
#include "cli/doctor_command.h"
#include "cli/output.h"
#include "cli/reference_command.h"
#include "cli/respond_command.h"
#include "cli/rules_command.h"
#include "cli/run_command.h"

namespace {

using namespace hullwatch;

/// A verb chosen on the command line: what to do once parsing has ended.
using Action = std::function<int()>;

struct Options {
  RunOptions run;
  RespondOptions respond;
  std::string format = "text";
  std::vector<std::string> paths;
  std::string file, condition;
  bool strict = false;
};

CLI::Option* add_format(CLI::App* verb, Options& options, const std::vector<std::string>& formats = {"text", "json"}) {
  return verb->add_option("-o,--output", options.format, "Output format")->check(CLI::IsMember(formats))->capture_default_str();
}

void add_run(CLI::App& app, Options& options, Action& action) {
  CLI::App* run = app.add_subcommand("run", "Watch this node: alerts to stdout, diagnostics to stderr");
  RunOptions& o = options.run;
  run->add_option("-c,--config", o.config_file, "Configuration file")->type_name("FILE");
  run->add_option("--rules", o.rule_paths, "Rule file or directory; replaces the configured ones")->type_name("PATH");
  run->add_option("--state-dir", o.state_dir, "Where the forensic log and state live")->type_name("DIR");
  run->add_option("--listen", o.listen, "Address of /metrics, /healthz and /readyz, or off")->type_name("ADDR:PORT|off");
  run->add_option("--output", o.output, "Format of alerts on stdout")->check(CLI::IsMember({"text", "json"}));
  run->add_flag("--log-all", o.log_all, "Keep every event in the forensic log");
  run->add_option("--duration", o.duration_seconds, "End by itself after so long")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
  run->add_flag("--strict", o.strict, "Exit 5 when an observation has no provider");
  run->callback([&] { action = [&] { return run_command(options.run); }; });
}

void add_rules(CLI::App& app, Options& options, Action& action) {
  CLI::App* rules = app.add_subcommand("rules", "Look at rule files")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* what, int (*run)(const std::vector<std::string>&, const std::string&),
                        bool needs_path) {
    CLI::App* sub = rules->add_subcommand(name, what);
    auto* paths = sub->add_option("paths", options.paths, "Rule files or directories")->type_name("PATH");
    if (needs_path) paths->required();
    add_format(sub, options);
    sub->callback([&options, &action, run] { action = [&options, run] { return run(options.paths, options.format); }; });
  };
  verb("check", "Load rule files as the daemon would: errors, warnings, what is live and what is inert", rules_check_command,
       true);
  CLI::App* parse = rules->add_subcommand("parse", "Parse a condition, without looking names up, and print its tree as JSON");
  CLI::Option* condition =
      parse->add_option("condition", options.condition, "The condition, or - to read it from stdin")->type_name("CONDITION|-");
  add_format(parse, options);
  parse->allow_extras();  // what begins with '-' is no condition, but that is for the parser to say, and where
  parse->callback([&options, &action, parse, condition] {
    const std::vector<std::string> rest = parse->remaining();
    if (rest.size() > (condition->count() == 0 ? 1U : 0U)) throw CLI::ExtrasError(rest);
    if (condition->count() + rest.size() == 0) throw CLI::RequiredError(condition->get_name());
    if (!rest.empty()) options.condition = rest[0];
    action = [&options] { return rules_parse_command(options.condition, options.format); };
  });
  verb("list", "List the rules of the given, or else the installed, files", rules_list_command, false);
  verb("test", "Run the cases that stand beside the rules", rules_test_command, true);
}

void add_config(CLI::App& app, Options& options, Action& action) {
  CLI::App* config = app.add_subcommand("config", "Look at the configuration")->require_subcommand(1);
  CLI::App* check = config->add_subcommand("check", "Check a configuration file: all errors, with their places");
  check->add_option("file", options.file, "Configuration file")->type_name("FILE")->required();
  add_format(check, options);
  check->callback([&] { action = [&] { return config_check_command(options.file, options.format); }; });
  CLI::App* print = config->add_subcommand("print", "Print the effective configuration");
  print->add_option("-c,--config", options.file, "Configuration file")->type_name("FILE");
  add_format(print, options);
  print->callback([&] { action = [&] { return config_print_command(options.file, options.format); }; });
}

void add_reference(CLI::App& app, Options& options, Action& action) {
  const auto verb = [&](const char* name, const char* what, int (*print)(const std::string&),
                        const std::vector<std::string>& formats) {
    CLI::App* sub = app.add_subcommand(name, what);
    add_format(sub, options, formats);
    sub->callback([&options, &action, print] { action = [&options, print] { return print(options.format); }; });
  };
  verb("fields", "The fields conditions and outputs can use", fields_command, {"text", "json", "markdown"});
  verb("events", "The event types rules can name", events_command, {"text", "json", "markdown"});
  verb("metrics", "The metrics under /metrics", metrics_command, {"text", "json", "markdown"});
  verb("version", "Version, git revision and what it was built with", version_command, {"text", "json"});
}

void add_look(CLI::App& app, Options& options, Action& action) {
  CLI::App* doctor = app.add_subcommand("doctor", "What this kernel gives, what is degraded, what to do about it");
  doctor->add_option("-c,--config", options.file, "Configuration file")->type_name("FILE");
  add_format(doctor, options);
  doctor->add_flag("--strict", options.strict, "Exit 5 when anything is degraded");
  doctor->callback([&] { action = [&] { return doctor_command(options.file, options.format, options.strict); }; });
  CLI::App* containers = app.add_subcommand("containers", "Containers on this node, with identity and metadata");
  containers->add_option("-c,--config", options.file, "Configuration file")->type_name("FILE");
  add_format(containers, options);
  containers->callback([&] { action = [&] { return containers_command(options.file, options.format); }; });
}

void add_respond(CLI::App& app, Options& options, Action& action) {
  CLI::App* respond = app.add_subcommand("respond", "Undo what rules did by `respond`")->require_subcommand(1);
  CLI::App* thaw = respond->add_subcommand("thaw", "Let a frozen container go on; the daemon need not run");
  RespondOptions& o = options.respond;
  thaw->add_option("container", o.container, "Its name, its id, or the first 12 characters of that")
      ->type_name("CONTAINER")
      ->required();
  thaw->add_option("-c,--config", o.config_file, "Configuration file")->type_name("FILE");
  thaw->add_option("--state-dir", o.state_dir, "Where the forensic log and state live: it is told there")->type_name("DIR");
  thaw->add_flag("--dry-run", o.dry_run, "Say what would be done");
  thaw->add_option("-o,--output", o.format, "Output format")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  thaw->callback([&] { action = [&] { return respond_thaw_command(options.respond); }; });
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed stdout is an error of a write, not the end of the daemon
  CLI::App app(
      "Watches what the containers of this node do, from inside the kernel.\n\n"
      "  hullwatch doctor                          what this kernel gives\n"
      "  hullwatch run --rules rules               watch; alerts to stdout\n"
      "  hullwatch rules check my_rules.yaml       check rule files\n",
      "hullwatch");
  app.footer(
      "Exit codes: 0 ok, 1 findings or failure, 2 usage, 3 configuration or rules, 4 missing privilege or kernel\n"
      "feature, 5 partial with --strict.");
  app.require_subcommand(1);
  Options options;
  Action action;
  add_run(app, options, action);
  add_look(app, options, action);
  add_rules(app, options, action);
  add_respond(app, options, action);
  add_reference(app, options, action);
  add_config(app, options, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // out of memory, for one: whatever it is, said in a line
    std::fprintf(stderr, "hullwatch: %s\n", error.what());
  } catch (...) {
    std::fputs("hullwatch: an unknown exception\n", stderr);
  }
  return hullwatch::kExitFindings;
}
