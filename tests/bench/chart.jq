# Draws the ratios of `tests/bench/loops -o json` as an SVG, on a logarithmic scale: jq -r -f chart.jq RESULT. Bars begin at 1, which is the
# bare loop; a thin line is the median absolute deviation, a ring the ratio of the least values.
def colour: {hullwatch: "#1f6feb", falco: "#d1242f", sysdig: "#bc4c00", bpftrace: "#1a7f37", auditd: "#8250df"}[.] // "#57606a";
def two: (. * 100 | round) as $n | "\($n / 100 | floor).\($n % 100 | tostring | if length < 2 then "0" + . else . end)";
def text($x; $y; $more): "<text x=\"\($x)\" y=\"\($y)\" \($more)>\(. | tostring | @html)</text>";

. as $run
| [$run.loops[0].watched[].monitor] as $monitors
| 14 as $bar | ($bar * ($monitors | length) + 12) as $row
| 130 as $left | 480 as $width | 66 as $top
| ($top + $row * ($run.loops | length)) as $bottom
| [$run.loops[].watched[] | .ratio.median - .ratio.mad, .ratio.median + .ratio.mad, .least_ratio] as $ends
| ([1.25, ($ends | max)] | max | log) as $most
| ([0.97, ($ends | min)] | min | log) as $least
| def x: ($left + $width * ((log - $least) / ($most - $least))) * 10 | round / 10;
  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"680\" height=\"\($bottom + 56)\" font-family=\"sans-serif\" font-size=\"12\">",
  "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
  ("What being watched costs: time of an operation, bare = 1" | text(12; 22; "font-size=\"15\" font-weight=\"bold\"")),
  ($monitors | to_entries[] | ($left + .key * 100) as $at
    | "<rect x=\"\($at)\" y=\"34\" width=\"11\" height=\"11\" fill=\"\(.value | colour)\"/>", (.value | text($at + 16; 44; ""))),
  # no label touches the one before
  ((reduce ([1, 0.7, 0.8, 0.9, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100][] | select(log >= $least and log <= $most)) as $tick ([];
      if any(.[]; (x - ($tick | x)) | fabs < 36) then . else . + [$tick] end))[]
    | "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\($top - 6)\" y2=\"\($bottom)\" stroke=\"\(if . == 1 then "#24292f" else "#d8dee4" end)\"/>",
      (. as $tick | $tick | two | text($tick | x; $bottom + 14; "text-anchor=\"middle\" fill=\"#57606a\""))),
  ($run.loops | to_entries[] | ($top + .key * $row) as $y | .value
    | (.loop | text($left - 12; $y + $bar * ($monitors | length) / 2 + 3; "text-anchor=\"end\"")),
      (.watched | to_entries[] | ($y + .key * $bar) as $at | .value | .ratio as $ratio | .least_ratio as $best
        | "<rect x=\"\([$ratio.median, 1] | min | x)\" y=\"\($at)\" width=\"\((($ratio.median | x) - (1 | x)) | fabs | . * 10 | round / 10)\" height=\"\($bar - 3)\" fill=\"\(.monitor | colour)\"/>",
          "<line x1=\"\($ratio.median - $ratio.mad | x)\" x2=\"\($ratio.median + $ratio.mad | x)\" y1=\"\($at + ($bar - 3) / 2)\" y2=\"\($at + ($bar - 3) / 2)\" stroke=\"#24292f\"/>",
          "<circle cx=\"\($best | x)\" cy=\"\($at + ($bar - 3) / 2)\" r=\"3\" fill=\"#ffffff\" stroke=\"#24292f\"/>",
          ($ratio.median | two | text([($ratio.median + $ratio.mad), $best, 1] | max | x + 6; $at + $bar - 4; "font-size=\"11\"")))),
  ("\($run.machine.date[:10]), Linux \($run.machine.kernel), \($run.machine.cpus) x \($run.machine.cpu), load before \($run.machine.load_before), medians of \($run.rounds) rounds, least values as rings; logarithmic"
    | text(12; $bottom + 34; "fill=\"#57606a\" font-size=\"10\"")),
  ($run.command | text(12; $bottom + 48; "fill=\"#57606a\" font-size=\"10\"")),
  "</svg>"
