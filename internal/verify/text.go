package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// JSON writes the report as JSON.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// Text writes the report as tables.
func (r *Report) Text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Plays) > 0 {
		fmt.Fprintln(w, "scenario\tendpoints\tthe same states\tright process\tfalse proofs")
		for _, p := range r.Plays {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", p.Name, p.Endpoints, p.Equal, p.Processes, p.Wrong)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "state\tevidence\tinferred\tthe kernel agrees")
	for _, l := range r.States {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", l.State, l.Evidence, l.Steps, l.Agreed)
	}
	for _, m := range r.Missed {
		fmt.Fprintf(w, "%s\tnot inferred\t\t%d\n", m.State, m.Times)
	}
	fmt.Fprintf(w, "\n%d of %d endpoints went through the same states; %d proved steps, %d false\n", r.Equal, r.Endpoints, r.Proofs, r.Wrong)
	if r.LeftOut > 0 {
		fmt.Fprintf(w, "%d endpoints are left out: the capture lost packets meanwhile\n", r.LeftOut)
	}
	for _, f := range r.False {
		fmt.Fprintf(w, "false: the %s %s is in %s (%s)\n  inferred: %s\n  kernel:   %s\n", f.Endpoint, f.Socket, f.State, f.Evidence, f.Inferred, f.Kernel)
	}
	return w.Flush()
}
