package thorough

import (
	"slices"
	"testing"
)

func TestSome(t *testing.T) {
	list := []int{0, 1, 2, 3, 4, 5, 6}
	want := []int{0, 3, 6}
	if testing.Short() {
		want = []int{0}
	}
	t.Setenv("TCPTRACE_TEST", "")
	if got := Some(t, list, 3); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	t.Setenv("TCPTRACE_TEST", "full")
	if got := Some(t, list, 3); !testing.Short() && !slices.Equal(got, list) {
		t.Errorf("%v, want all", got)
	}
}

func TestOnly(t *testing.T) {
	for _, asked := range []string{"", "full"} {
		t.Setenv("TCPTRACE_TEST", asked)
		ran := false
		t.Run("asked "+asked, func(t *testing.T) {
			Only(t)
			ran = true
		})
		if want := asked == "full" && !testing.Short(); ran != want {
			t.Errorf("TCPTRACE_TEST=%s: it ran: %v, want %v", asked, ran, want)
		}
	}
}
