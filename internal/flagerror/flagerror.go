// Package flagerror says in words of people what is wrong with a flag, and what may have been meant.
//
// Not its job: what is wrong with the value of a flag beyond its type (the command).
package flagerror

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcptrace/report"
)

// foreignFlags are flags of tcpdump and tshark, and what there is here for them.
var foreignFlags = map[string]string{
	"r": "captures are named without -r: tcptrace FILE...",
	"i": "'tcptrace live -i INTERFACE' captures",
	"V": "--version",
	"v": "--version, or --long for more of each conversation",
	"Y": "--where selects conversations, -f packets",
	"w": "'tcptrace extract FILE --stream N -w OUT.pcap' writes packets, -o reports",
	"c": "--limit N shows the first conversations",
}

// synonyms are names of flags that people take for one another, here or in other programs.
var synonyms = [][]string{
	{"side", "from", "of", "direction"},
	{"output", "out", "outfile", "write", "file"},
	{"format", "as", "type", "kind"},
	{"limit", "count", "max", "top", "head"},
	{"columns", "fields", "cols"},
	{"where", "select", "display-filter", "expression"},
	{"filter", "capture-filter", "bpf"},
	{"stream", "flow", "conversation", "connection", "id"},
	{"sort", "order", "order-by"},
	{"by", "group-by", "group"},
	{"time", "timestamps", "tz", "timezone"},
	{"color", "colour"},
	{"long", "verbose", "details"},
	{"workers", "threads", "jobs"},
	{"max-details", "details"},
	{"fail-on", "deny"},
}

// Explain is err, which a wrong flag of cmd led to, in words of people, with what may have been meant.
func Explain(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		if hint := meant(cmd, unknown); hint != "" {
			return fmt.Errorf("%w: %s", err, hint)
		}
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		if errors.Is(invalid, strconv.ErrRange) {
			return fmt.Errorf("--%s %s is too large", f.Name, invalid.GetValue())
		}
		if takes := flagTakes(f.Value.Type()); takes != "" {
			return fmt.Errorf("--%s takes %s, not %q", f.Name, takes, invalid.GetValue())
		}
		return fmt.Errorf("--%s: %w", f.Name, errors.Unwrap(invalid))
	}
	return err
}

// flagTakes is what a flag of a type of pflag's takes; "" if it is a type of ours, which says that by itself.
func flagTakes(kind string) string {
	switch kind {
	case "int":
		return "a whole number, such as 10"
	case "uint", "uint64", "uintSlice":
		return "a whole number from 0 on"
	case "float64":
		return "a number, such as 0.5"
	case "duration":
		return "a time with its unit, such as 500ms, 30s or 5m"
	case "bool":
		return "true or false, or nothing"
	case "stringSlice":
		return "values with commas between them, as a line of CSV"
	}
	return ""
}

// meant is what somebody may have meant by a flag that cmd has not.
func meant(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return foreignFlags[name]
	}
	var alike, all []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		all = append(all, "--"+f.Name)
		if slices.ContainsFunc(synonyms, func(s []string) bool { return slices.Contains(s, name) && slices.Contains(s, f.Name) }) {
			alike = append(alike, "--"+f.Name)
		}
	})
	if len(alike) > 0 {
		return "did you mean " + strings.Join(alike, " or ") + "?"
	}
	return cmp.Or(report.Nearest("--"+name, all), whoHas(cmd, name))
}

// whoHas names another command that has the flag.
func whoHas(cmd *cobra.Command, name string) string {
	for _, other := range append([]*cobra.Command{cmd.Root()}, cmd.Root().Commands()...) {
		if f := other.Flags().Lookup(name); f != nil && !f.Hidden && other != cmd {
			return "'" + other.CommandPath() + "' has it"
		}
	}
	return ""
}
