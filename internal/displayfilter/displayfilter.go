// Package displayfilter knows a display filter of Wireshark's when it sees one where another language is spoken, and says how to write it there.
//
// Not its job: to evaluate display filters, or to translate more of them than the few that everybody writes.
package displayfilter

import (
	"fmt"
	"regexp"
	"strings"
)

// field is what a display filter has and the other languages cannot have: the name of a field.
var field = regexp.MustCompile(`\b(?:tcp|udp|ip|ipv6|eth|vlan|icmp|frame|http2?|tls|ssl|dns|_ws)\.[a-z0-9_.]+`)

// quoted is text in an expression, which is no part of its language.
var quoted = regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`")

// terms are comparisons of display filters, and what the other languages have for them; "": nothing. $1 is the value.
var terms = []struct {
	display            *regexp.Regexp
	capture, condition string
}{
	{comparison(`(?:tcp|udp)\.port`, `\d+`), "port $1", "port($1)"},
	{comparison(`(?:tcp|udp)\.srcport`, `\d+`), "src port $1", "port($1)"},
	{comparison(`(?:tcp|udp)\.dstport`, `\d+`), "dst port $1", "port($1)"},
	{comparison(`ip(?:v6)?\.addr`, `[0-9a-fA-F.:]+`), "host $1", `host("$1")`},
	{comparison(`ip(?:v6)?\.src`, `[0-9a-fA-F.:]+`), "src host $1", `host("$1")`},
	{comparison(`ip(?:v6)?\.dst`, `[0-9a-fA-F.:]+`), "dst host $1", `host("$1")`},
	{comparison(`ip(?:v6)?\.addr`, `[0-9a-fA-F.:]+/\d+`), "net $1", `host("$1")`},
	{comparison(`tcp\.stream`, `\d+`), "", "stream == $1"},
	{comparison(`tcp\.flags\.reset`, `(?:1|[Tt]rue)`), "tcp[tcpflags] & tcp-rst != 0", "either(rst_packets > 0)"},
	{regexp.MustCompile(`^tcp\.analysis\.(?:fast_|spurious_)?retransmission$`), "", "either(retransmitted_packets > 0)"},
}

func comparison(field, value string) *regexp.Regexp {
	return regexp.MustCompile(`^` + field + `\s*(?:==|\beq\b)\s*(` + value + `)$`)
}

// junctions are what stands between terms.
var (
	junctions = regexp.MustCompile(`\s*(?:&&|\|\||\band\b|\bor\b)\s*`)
	oneStream = regexp.MustCompile(`^\s*tcp\.stream\s*(?:==|\beq\b)\s*(\d+)\s*$`)
)

// is reports whether expr looks like a display filter.
func is(expr string) bool { return field.MatchString(quoted.ReplaceAllString(expr, `""`)) }

const (
	what   = "that is a display filter of Wireshark's: "
	either = `-f takes packets, such as 'host 10.0.0.1 and port 80', and --where conversations, such as 'port(80) && outcome == "reset"'`
)

// ForCapture says what to write instead of a display filter where a capture filter is wanted; "" for what is none.
func ForCapture(expr string) string {
	if !is(expr) {
		return ""
	}
	if m := oneStream.FindStringSubmatch(expr); m != nil {
		return what + "did you mean --stream " + m[1] + "?"
	}
	if capture, ok := translate(expr, false); ok {
		return fmt.Sprintf("%sdid you mean -f '%s'?", what, capture)
	}
	return what + either
}

// ForCondition says what to write instead of a display filter where a condition on conversations is wanted; "" for what is none.
func ForCondition(expr string) string {
	if !is(expr) {
		return ""
	}
	if condition, ok := translate(expr, true); ok {
		return fmt.Sprintf("%sdid you mean '%s'?", what, condition)
	}
	return what + either
}

// translate is a display filter in another language, if it is made of nothing but terms that this has too.
func translate(expr string, condition bool) (translated string, ok bool) {
	and, or := " and ", " or "
	if condition {
		and, or = " && ", " || "
	}
	var b strings.Builder
	expr = strings.TrimSpace(expr)
	for {
		at := junctions.FindStringIndex(expr)
		term := expr
		if at != nil {
			term = expr[:at[0]]
		}
		found := false
		for _, t := range terms {
			to := t.capture
			if condition {
				to = t.condition
			}
			if to != "" && t.display.MatchString(term) {
				b.WriteString(t.display.ReplaceAllString(term, to))
				found = true
				break
			}
		}
		if !found || at == nil {
			return b.String(), found
		}
		if between := expr[at[0]:at[1]]; strings.Contains(between, "|") || strings.Contains(between, "or") {
			b.WriteString(or)
		} else {
			b.WriteString(and)
		}
		expr = expr[at[1]:]
	}
}
