package findings

import "testing"

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{and("a", "b && c"), "a && b && c"},
		{and("a", "b || c"), "a && (b || c)"},
		{and("a", "f(b || c)"), "a && f(b || c)"},
		{and("a", `b == "x || y"`), `a && b == "x || y"`},
		{and("a", `b == "\" || y"`), `a && b == "\" || y"`},
		{and("a", `b == "\\" || y`), `a && (b == "\\" || y)`},
		{or("a && b", "c"), "a && b || c"},
		{not(`has("a")`), `!has("a")`},
		{not(`has("a") || b`), `!(has("a") || b)`},
		{not(`a.b == "c == d"`), `a.b != "c == d"`},
		{not(`any(anomalies, .id == "a")`), `!(any(anomalies, .id == "a"))`},
		{not(`a == 1 && b == 2`), `!(a == 1 && b == 2)`},
		{not(`a < 1`), `!(a < 1)`},
		{but("a && b", "c"), "a && b && !(c)"},
		{but("a && b", "a && c && d"), "a && b && !(c && d)"},
		{but("a", `a && c == 1 || d`), "a && !(c == 1 || d)"},
		{but(`has("abortive-close")`, `has("abortive-close") && close.by == "client"`), `has("abortive-close") && close.by != "client"`},
		{but("a || b", "a && c"), "(a || b) && !(a && c)"},
		{but("a && b", "a"), "a && b && !(a)"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
