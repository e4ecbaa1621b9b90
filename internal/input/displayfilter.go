package input

import (
	"fmt"
	"regexp"
	"strings"
)

// displayField is what a display filter has and a capture filter cannot have: the name of a field.
var displayField = regexp.MustCompile(`\b(?:tcp|udp|ip|ipv6|eth|vlan|icmp|frame|http2?|tls|ssl|dns|_ws)\.[a-z0-9_.]+`)

// displayTerms are comparisons of display filters, and what capture filters have for them. $1 is the value.
var displayTerms = []struct {
	display *regexp.Regexp
	capture string
}{
	{displayTerm(`(?:tcp|udp)\.port`, `\d+`), "port $1"},
	{displayTerm(`(?:tcp|udp)\.srcport`, `\d+`), "src port $1"},
	{displayTerm(`(?:tcp|udp)\.dstport`, `\d+`), "dst port $1"},
	{displayTerm(`ip(?:v6)?\.addr`, `[0-9a-fA-F.:]+`), "host $1"},
	{displayTerm(`ip(?:v6)?\.src`, `[0-9a-fA-F.:]+`), "src host $1"},
	{displayTerm(`ip(?:v6)?\.dst`, `[0-9a-fA-F.:]+`), "dst host $1"},
	{displayTerm(`ip(?:v6)?\.addr`, `[0-9a-fA-F.:]+/\d+`), "net $1"},
}

func displayTerm(field, value string) *regexp.Regexp {
	return regexp.MustCompile(`^` + field + `\s*(?:==|\beq\b)\s*(` + value + `)$`)
}

// junctions are what stands between terms.
var (
	junctions = regexp.MustCompile(`\s*(?:&&|\|\||\band\b|\bor\b)\s*`)
	oneStream = regexp.MustCompile(`^\s*tcp\.stream\s*(?:==|\beq\b)\s*(\d+)\s*$`)
)

// displayHint says what to write instead of a display filter of Wireshark's; "" for what is none.
func displayHint(expr string) string {
	if !displayField.MatchString(expr) {
		return ""
	}
	const is = "; that is a display filter of Wireshark's: "
	if m := oneStream.FindStringSubmatch(expr); m != nil {
		return is + "did you mean --stream " + m[1] + "?"
	}
	if capture, ok := captureFilter(expr); ok {
		return fmt.Sprintf("%sdid you mean -f '%s'?", is, capture)
	}
	return is + `-f takes packets, such as 'host 10.0.0.1 and port 80', and --where conversations, such as 'port(80) && outcome == "reset"'`
}

// captureFilter is a display filter as a capture filter, if it is made of nothing but terms that those have too.
func captureFilter(expr string) (capture string, ok bool) {
	var b strings.Builder
	expr = strings.TrimSpace(expr)
	for {
		at := junctions.FindStringIndex(expr)
		term := expr
		if at != nil {
			term = expr[:at[0]]
		}
		found := false
		for _, t := range displayTerms {
			if t.display.MatchString(term) {
				b.WriteString(t.display.ReplaceAllString(term, t.capture))
				found = true
				break
			}
		}
		if !found || at == nil {
			return b.String(), found
		}
		if between := expr[at[0]:at[1]]; strings.Contains(between, "|") || strings.Contains(between, "or") {
			b.WriteString(" or ")
		} else {
			b.WriteString(" and ")
		}
		expr = expr[at[1]:]
	}
}
