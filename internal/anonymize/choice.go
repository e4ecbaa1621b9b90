package anonymize

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

// Payloads are what can become of payload.
var Payloads = []string{"zero", "cut"}

// Choice is what the user wants to be taken out.
type Choice struct {
	On      bool
	key     string // a file; "": the key is random
	payload string
}

// AddTo adds the flags.
func (c *Choice) AddTo(f *pflag.FlagSet) {
	f.BoolVar(&c.On, "anonymize", false, "replace addresses (prefixes stay prefixes: Crypto-PAn), take payload out, leave out what names somebody")
	f.StringVar(&c.key, "anonymize-key", "", "with a key from this `file`, so that equal addresses become equal in several captures (default: a random key)")
	f.StringVar(&c.payload, "anonymize-payload", Payloads[0], "`what` becomes of payload: zero, or cut, as by a snap length")
}

// Check finds what is wrong with the flags by themselves.
func (c *Choice) Check() error {
	switch {
	case !c.On && c.key != "":
		return fmt.Errorf("--anonymize-key takes --anonymize")
	case !c.On && c.payload != Payloads[0]:
		return fmt.Errorf("--anonymize-payload takes --anonymize")
	case c.payload != Payloads[0] && c.payload != Payloads[1]:
		return fmt.Errorf("--anonymize-payload is zero or cut, not %q", c.payload)
	}
	return nil
}

// Anonymizer is the one that was chosen, nil if none was. open opens the file with the key.
func (c *Choice) Anonymizer(open func(path string) (io.ReadCloser, error)) (*Anonymizer, error) {
	if !c.On {
		return nil, nil
	}
	key := RandomKey()
	if c.key != "" {
		file, err := open(c.key)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if key, err = ReadKey(file); err != nil {
			return nil, fmt.Errorf("--anonymize-key %s: %w", c.key, err)
		}
	}
	return New(key, c.payload == Payloads[1])
}

// Done says what was taken out.
func (c *Choice) Done() string {
	text := "note: anonymized with "
	if c.key == "" {
		text += "a random key, which is not kept: another run gives other addresses"
	} else {
		text += "the key in " + c.key + ", which tells the addresses: keep it secret"
	}
	if c.payload == Payloads[1] {
		text += "; payload is cut"
	} else {
		text += "; payload is zeros"
	}
	return text + "; comments, names and secrets are left out"
}
