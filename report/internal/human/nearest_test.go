package human

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"error", "close-wait-lingering", "syn-retransmit", "fin-retransmit", "a.port", "b.port", "x1_wait", "x2_wait", "x3_wait", "x4_wait"}
	for name, want := range map[string]string{
		"eror":           "did you mean error?",
		"closewait":      "did you mean close-wait-lingering?",
		"Close_Wait":     "did you mean close-wait-lingering?",
		"sin-retransmit": "did you mean syn-retransmit or fin-retransmit?",
		"retransmit":     "did you mean syn-retransmit or fin-retransmit?",
		"pot":            "did you mean a.port or b.port?", // one letter in three
		"pt":             "",                               // two
		"lin":            "did you mean close-wait-lingering?",
		"li":             "", // too little to look for
		"1wait":          "did you mean x1_wait?",
		"wait":           "", // five contain it
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, want := Nearest("_wait", names[6:]), "did you mean x1_wait or x2_wait or x3_wait or x4_wait?"; got != want {
		t.Errorf("four that contain it: %q, want %q", got, want)
	}
}
