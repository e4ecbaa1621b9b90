package condition

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/file"
)

// The compiler's complaints about what users do most. If their wording ever changes, only the explanation is lost.
var (
	unknownField = regexp.MustCompile(`(?:unknown name|has no field) (\w+)`)
	mismatched   = regexp.MustCompile(`invalid operation: (\S+) \(mismatched types (.+) and (.+)\)`)
	unexpected   = regexp.MustCompile(`unexpected token \w+(?:\("(.*)"\))?`)
	goType       = regexp.MustCompile(`\[\]\*?record\.\w+|\*?record\.\w+|\[\]interface \{\}|\b(?:u?int(?:8|16|32|64)?|float(?:32|64)|string|bool|time\.\w+)\b`)
	noNumber     = regexp.MustCompile(`strconv\.\w+: parsing ("[^"]*"): .*`)
)

// explainCompile turns the compiler's error into one about conversations.
func explainCompile(source string, err error) error {
	var at *file.Error
	if errors.As(err, &at) {
		if hint := slip(source); hint != "" {
			return errors.New(hint + at.Snippet)
		}
	}
	if !errors.As(err, &at) {
		return fmt.Errorf("the expression must be a condition, such as packets > 100: %s", plainTypes(err.Error()))
	}
	if m := unknownField.FindStringSubmatch(at.Message); m != nil {
		if hint := unquoted(source, m[1]); hint != "" {
			return errors.New(hint + at.Snippet)
		}
		return fmt.Errorf("unknown field %q: %s%s", m[1], suggestField(m[1], parentOf(source, at.Column, m[1])), at.Snippet)
	}
	if strings.Contains(at.Message, "func(") {
		if hint := functionsAlone(source); hint != "" {
			return errors.New(hint + at.Snippet)
		}
	}
	return errors.New(plainly(at.Message) + at.Snippet)
}

// plainly is a complaint in words of people who write conditions.
func plainly(message string) string {
	if m := mismatched.FindStringSubmatch(message); m != nil {
		left, right := plainTypes(m[2]), plainTypes(m[3])
		hint := ""
		switch {
		case strings.HasPrefix(left, "a list") && right == "text":
			hint = `: has("no-answer") looks for an anomaly`
		case m[2] == "record.Host":
			hint = ": its parts are ip, port and name, as in client.ip"
		case left == "a number" && right == "text":
			hint = ": numbers have no quotes"
		case left == "text" && right == "a number":
			hint = ": text has quotes"
		case left == "a time" && right == "text":
			hint = `: date("2026-11-21T01:00:00Z") is a time`
		}
		return fmt.Sprintf("%s is between %s and %s%s", m[1], left, right, hint)
	}
	if m := unexpected.FindStringSubmatch(message); m != nil {
		switch m[1] {
		case "=":
			return "= compares nothing: did you mean ==?"
		case "AND", "OR", "NOT", "And", "Or", "Not", "IN":
			return fmt.Sprintf("unexpected %s: did you mean %s?", m[1], strings.ToLower(m[1]))
		case "":
			if strings.Contains(message, "token EOF") {
				return "the expression ends too early"
			}
		default:
			return fmt.Sprintf("unexpected %s", m[1])
		}
	}
	return plainTypes(message)
}

// plainTypes is a message with words for Go's types.
func plainTypes(message string) string {
	message = noNumber.ReplaceAllString(message, "$1 is no number")
	return goType.ReplaceAllStringFunc(message, func(t string) string {
		switch {
		case strings.HasPrefix(t, "[]"):
			return "a list"
		case t == "string":
			return "text"
		case t == "bool":
			return "true or false"
		case t == "record.Time", t == "time.Time":
			return "a time"
		case strings.HasPrefix(t, "time."):
			return "a duration"
		case strings.Contains(t, "record."):
			return "a record"
		}
		return "a number"
	})
}
