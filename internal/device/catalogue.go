package device

import (
	"fmt"
	"strings"
)

// Catalogue is the platforms that an operator added to those that the gateway
// knows by itself, by each of their names, folded. A nil one has none.
type Catalogue map[string]Platform

// Add adds a platform, with what else such devices call themselves.
func (c Catalogue) Add(platform Platform, aliases ...string) {
	for _, name := range append(aliases, string(platform)) {
		if folded := fold(name); folded != "" {
			c[folded] = platform
		}
	}
}

// Comparable says whether a name has anything by which it could be told from
// others: a letter or a digit of ASCII.
func Comparable(name string) bool { return fold(name) != "" }

// Parse is [ParsePlatform] for those of the catalogue as well.
func (c Catalogue) Parse(text string) (Platform, error) {
	platform, err := ParsePlatform(text)
	if err == nil {
		return platform, nil
	}
	if own, known := c[fold(text)]; known {
		return own, nil
	}
	if len(c) > 0 {
		err = fmt.Errorf("%w, or one of the catalogue's own", err)
	}
	return "", err
}

// Recognise says what a device runs on: a platform of the catalogue, if it
// calls its system, its model or its manufacturer, in this order, by one of
// its names, and else what it was taken for without. A number behind a name
// does not matter, as with the platforms that the gateway knows.
func (c Catalogue) Recognise(i Info) Platform {
	for _, said := range []string{i.OSName, i.Model, i.Manufacturer} {
		folded := fold(said)
		if platform, known := c[folded]; known {
			return platform
		}
		if digit := strings.IndexAny(folded, "0123456789"); digit > 1 {
			if platform, known := c[folded[:digit]]; known {
				return platform
			}
		}
	}
	return i.Platform
}
