package record

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// JSON writes the report as JSON.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// names are the taps for people.
var names = map[Tap]string{Endpoint: "at the endpoint", Middle: "in the middle", OtherEnd: "at the other end", BothEnds: "at both"}

func (t Tap) String() string { return names[t] }

// Text writes the report as tables.
func (r *Report) Text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	r.scenarioText(w)
	r.stateText(w)
	fmt.Fprintln(w, "tap\tendpoints\tthe same states\tproved\tfalse\tmoments\twithin their brackets")
	for _, a := range r.Taps {
		fmt.Fprintf(w, "%v\t%d\t%d\t%d\t%d\t%d\t%d\n", a.Tap, a.Endpoints, a.Equal, a.Proofs, a.Wrong, a.Moments, a.Within)
	}
	fmt.Fprintf(w, "\n%s\n", r.where())
	for _, lack := range r.Lacks {
		fmt.Fprintln(w, "less is compared: "+lack)
	}
	if s := r.Shown; s != nil {
		fmt.Fprintf(w, "with the kernel's word %d of %d endpoints are shown in its states at every moment\n", s.Always, s.Endpoints)
	}
	fmt.Fprintf(w, "%d proved steps, %d false\n", r.Proofs, r.Wrong)
	if r.LeftOut > 0 {
		fmt.Fprintf(w, "%d endpoints are left out: meanwhile the capture lost packets, this program did not run, the kernel was not asked, or another connection took their sockets\n", r.LeftOut)
	}
	for _, f := range r.False {
		fmt.Fprintf(w, "false: the %s %s is in %s (%s, captured %v)%s\n  inferred: %s\n  kernel:   %s\n", f.Endpoint, f.Socket, f.State, f.Evidence, f.Tap,
			in(f.Scenario), f.Inferred, f.Kernel)
	}
	if r.Shown != nil {
		for _, n := range r.Shown.Otherwise {
			fmt.Fprintf(w, "not as the kernel has it: the %s %s%s\n  shown:  %s\n  kernel: %s\n", n.Endpoint, n.Socket, in(n.Scenario), n.Shown, n.Kernel)
		}
	}
	return w.Flush()
}

func in(scenario string) string {
	if scenario == "" {
		return ""
	}
	return ", " + scenario
}

// where is where connections were made, and how the kernel told of them.
func (r *Report) where() string {
	how := map[string]string{
		Namespaces: "connections between two network namespaces, through a third", Loopback: "connections on the loopback interface", Interface: "connections of " + r.Interface,
	}[r.Place]
	return fmt.Sprintf("%s; states of %s by %s", how, r.System, r.Source)
}

// scenarioText has a column for each tap.
func (r *Report) scenarioText(w io.Writer) {
	if len(r.Scenarios) == 0 {
		return
	}
	fmt.Fprint(w, "scenario\tendpoints")
	for _, a := range r.Taps {
		fmt.Fprintf(w, "\tthe same %v", a.Tap)
	}
	fmt.Fprintln(w, "\tshown\tright process\tfalse proofs")
	for _, s := range r.Scenarios {
		fmt.Fprintf(w, "%s\t%d", s.Name, s.Endpoints)
		for _, a := range r.Taps {
			fmt.Fprintf(w, "\t%d", s.Equal[a.Tap])
		}
		fmt.Fprintf(w, "\t%d\t%d\t%d\n", s.Shown, s.Processes, s.Wrong)
	}
	fmt.Fprintln(w)
}

func (r *Report) stateText(w io.Writer) {
	fmt.Fprintln(w, "tap\tstate\tevidence\tinferred\tthe kernel agrees")
	for _, a := range r.Taps {
		for _, l := range r.States {
			if l.Tap == a.Tap {
				fmt.Fprintf(w, "%v\t%s\t%s\t%d\t%d\n", l.Tap, l.State, l.Evidence, l.Steps, l.Agreed)
			}
		}
		for _, m := range r.Missed {
			if m.Tap == a.Tap {
				fmt.Fprintf(w, "%v\t%s\tnot inferred\t\t%d\n", m.Tap, m.State, m.Times)
			}
		}
	}
	fmt.Fprintln(w)
}

// Headings of the tables that Markdown writes, which README.md and docs/accuracy.md have, too.
const (
	ReadmeHeading   = "| endpoints of, captured | trajectories equal to the log | proved steps: false | moments within their brackets | retransmissions: recall, precision |"
	AccuracyHeading = "| stack | tap | endpoints | equal | proved: false | bracket |"
)

// Markdown writes the row of README.md, and the rows of docs/accuracy.md, each under its heading, and the scenarios.
func (r *Report) Markdown(w io.Writer) error {
	text := ReadmeHeading + "\n|---|---|---|---|---|\n" + r.ReadmeRow() + "\n\n" + AccuracyHeading + "\n|---|---|---|---|---|---|\n"
	for i, a := range r.Taps {
		stack := "| |"
		if i == 0 {
			stack = "| " + r.title() + " |"
		}
		text += fmt.Sprintf("%s %v | %s | %s | %s: %d | %s |\n", stack, a.Tap, thousands(a.Endpoints), percent(a.Equal, a.Endpoints), thousands(a.Proofs), a.Wrong,
			percent(a.Within, a.Moments))
	}
	if len(r.Scenarios) > 0 {
		text += "\n" + r.scenarioRows()
	}
	_, err := io.WriteString(w, text)
	return err
}

// title names a run, by the release without what a distributor calls it.
func (r *Report) title() string {
	system, _, _ := strings.Cut(r.System, "-")
	if r.Place == Interface {
		return fmt.Sprintf("%s, `tcptrace verify -i %s`", system, r.Interface)
	}
	return fmt.Sprintf("%s, `tcptrace verify --rounds %d`", system, r.Rounds)
}

// ReadmeRow is the row of README.md.
func (r *Report) ReadmeRow() string {
	taps, equal, within := "", "", ""
	for i, a := range r.Taps {
		if i > 0 {
			taps, equal, within = taps+", ", equal+", ", within+", "
		}
		taps, equal, within = taps+a.Tap.String(), equal+share(a.Equal, a.Endpoints), within+share(a.Within, a.Moments)
	}
	return fmt.Sprintf("| %s, %d scenarios: %s | %s %% | %s: %d | %s %% | |", r.title(), len(r.Scenarios), taps, equal, thousands(r.Proofs), r.Wrong, within)
}

func (r *Report) scenarioRows() string {
	text, line := "| scenario | endpoints", "|---|---"
	for _, a := range r.Taps {
		text, line = text+fmt.Sprintf(" | the same, %v", a.Tap), line+"|---"
	}
	text += " | shown | right process |\n" + line + "|---|---|\n"
	for _, s := range r.Scenarios {
		text += fmt.Sprintf("| %s | %d", s.Name, s.Endpoints)
		for _, a := range r.Taps {
			text += fmt.Sprintf(" | %d", s.Equal[a.Tap])
		}
		text += fmt.Sprintf(" | %d | %d |\n", s.Shown, s.Processes)
	}
	return text
}

// share is n of all, in percent; "-": of nothing.
func share(n, all int) string {
	if all == 0 {
		return "-"
	}
	// Not more than there is: what is not all is not 100.0.
	return fmt.Sprintf("%.1f", float64(n*1000/all)/10)
}

func percent(n, all int) string {
	if all == 0 {
		return "-"
	}
	return share(n, all) + " %"
}

func thousands(n int) string {
	digits := []byte(fmt.Sprint(n))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = slices.Insert(digits, i, ',')
	}
	return string(digits)
}
