package expect

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number is what an expectation says of a number: a range, mostly of one value.
type number struct {
	text         string // as it was written
	least, most  float64
	above, below bool // least, most themselves are not in it
	exact        bool
}

var errNumber = errors.New(`want a number, a range ("<0.05", ">=3", "10..20", "10..") or a tolerance ("0.02 +- 10%")`)

// parseNumber reads 7, <0.05, <=2, >3, >=3, 10..20, 10.., ..20, 0.02 +- 10%, 100 +- 5.
func parseNumber(text string) (number, error) {
	n := number{text: strings.TrimSpace(text), least: math.Inf(-1), most: math.Inf(1)}
	var err error
	set := func(to *float64, digits string) {
		v, e := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if e != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			err = fmt.Errorf("%q: %w", text, errNumber)
		}
		*to = v
	}
	if limit, ok := strings.CutPrefix(n.text, "<"); ok {
		limit, orEqual := strings.CutPrefix(limit, "=")
		n.below = !orEqual
		set(&n.most, limit)
		return n, err
	}
	if limit, ok := strings.CutPrefix(n.text, ">"); ok {
		limit, orEqual := strings.CutPrefix(limit, "=")
		n.above = !orEqual
		set(&n.least, limit)
		return n, err
	}
	if from, to, ok := strings.Cut(n.text, ".."); ok && (from != "" || to != "") {
		if from != "" {
			set(&n.least, from)
		}
		if to != "" {
			set(&n.most, to)
		}
		if err == nil && n.least > n.most {
			err = fmt.Errorf("%q: nothing is in this range", text)
		}
		return n, err
	}
	if value, tolerance, ok := strings.Cut(strings.Replace(n.text, "±", "+-", 1), "+-"); ok {
		var v, d float64
		digits, percent := strings.CutSuffix(strings.TrimSpace(tolerance), "%")
		set(&v, value)
		set(&d, digits)
		if percent {
			d = math.Abs(v) * d / 100
		}
		if err == nil && d < 0 {
			err = fmt.Errorf("%q: a tolerance is not negative", text)
		}
		n.least, n.most = v-d, v+d
		return n, err
	}
	n.exact = true
	set(&n.least, n.text)
	n.most = n.least
	return n, err
}

func (n number) holds(v float64) bool {
	switch {
	case v < n.least || v > n.most:
		return false
	case v == n.least && n.above || v == n.most && n.below:
		return false
	}
	return true
}

// whole is n as one whole number, such as a stream's.
func (n number) whole() (uint64, bool) {
	u := uint64(max(0, n.least))
	return u, n.exact && float64(u) == n.least
}
