package where

import "testing"

func TestConditions(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{And("a", "b && c"), "a && b && c"},
		{And("a", "b || c"), "a && (b || c)"},
		{And("a", "f(b || c)"), "a && f(b || c)"},
		{And("a", `b == "x || y"`), `a && b == "x || y"`},
		{And("a", `b == "\" || y"`), `a && b == "\" || y"`},
		{And("a", `b == "\\" || y`), `a && (b == "\\" || y)`},
		{Or("a && b", "c"), "a && b || c"},
		{Not(`has("a")`), `!has("a")`},
		{Not(`has("a") || b`), `!(has("a") || b)`},
		{Not(`a.b == "c == d"`), `a.b != "c == d"`},
		{Not(`any(anomalies, .id == "a")`), `!(any(anomalies, .id == "a"))`},
		{Not(`a == 1 && b == 2`), `!(a == 1 && b == 2)`},
		{Not(`a < 1`), `!(a < 1)`},
		{But("a && b", "c"), "a && b && !(c)"},
		{But("a && b", "a && c && d"), "a && b && !(c && d)"},
		{But("a", `a && c == 1 || d`), "a && !(c == 1 || d)"},
		{But(`has("abortive-close")`, `has("abortive-close") && close.by == "client"`), `has("abortive-close") && close.by != "client"`},
		{But("a || b", "a && c"), "(a || b) && !(a && c)"},
		{But("a && b", "a"), "a && b && !(a)"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
