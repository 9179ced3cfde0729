// Package device works out what kind of device a client says it runs on, and
// never fails at it.
package device

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Source says what an [Info] was made from. The set is closed: it is a
// metric's label.
type Source string

const (
	// FromHeader is a readable X-Device-Info.
	FromHeader Source = "header"
	// HeaderInvalid is an X-Device-Info that could not be read, so that only
	// the User-Agent was looked at.
	HeaderInvalid Source = "header_invalid"
	// FromUserAgent is a request without X-Device-Info.
	FromUserAgent Source = "user_agent"
	// FromNothing is a request with neither.
	FromNothing Source = "none"
)

// Sources lists the closed set.
var Sources = []Source{FromHeader, HeaderInvalid, FromUserAgent, FromNothing}

const (
	maxHeader = 8 << 10
	maxField  = 64
)

// Info is what is kept of a device's description. Devices misreport
// themselves, so it serves statistics and policy, never identity. The texts
// are printable and at most 64 bytes long, but otherwise the client's own.
type Info struct {
	Platform     Platform
	HardwareType string
	Manufacturer string
	Model        string
	OSName       string
	OSVersion    string
}

// described is the part of X-Device-Info that is of use.
type described struct {
	Model        text `json:"model"`
	Manufacturer text `json:"manufacturer"`
	Vendor       text `json:"vendor"`
	OSName       text `json:"osName"`
	OSFamily     text `json:"osFamily"`
	OSVersion    text `json:"osVersion"`
	HardwareType text `json:"primaryHardwareType"`
	Type         text `json:"type"`
	BrowserName  text `json:"browserName"`
	UserAgent    text `json:"userAgent"`
}

// text reads a JSON string and ignores any other value: a number where a
// string belongs is no reason to disbelieve the rest.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*t = text(s)
	}
	return nil
}

// FromRequest reads the values of the headers X-Device-Info and User-Agent.
// It never fails: published samples of X-Device-Info are themselves not valid
// JSON, and a device that describes itself badly must still be able to
// register.
func FromRequest(header, userAgent string) (Info, Source) {
	if strings.TrimSpace(header) == "" {
		if userAgent == "" {
			return Info{Platform: Other}, FromNothing
		}
		return Info{Platform: fromUserAgent(userAgent)}, FromUserAgent
	}
	d, ok := decode(header)
	if !ok {
		return Info{Platform: fromUserAgent(userAgent)}, HeaderInvalid
	}
	return Info{
		Platform:     d.platform(userAgent),
		HardwareType: clean(first(d.HardwareType, d.Type)),
		Manufacturer: clean(first(d.Manufacturer, d.Vendor)),
		Model:        clean(d.Model),
		OSName:       clean(first(d.OSName, d.OSFamily)),
		OSVersion:    clean(d.OSVersion),
	}, FromHeader
}

func decode(header string) (described, bool) {
	raw, ok := unpack(header)
	// "null" would unmarshal too.
	var d *described
	if !ok || json.Unmarshal(raw, &d) != nil || d == nil {
		return described{}, false
	}
	return *d, true
}

// unpack takes the standard and the URL alphabet, padding or none, and spaces
// where a client's library has wrapped lines.
func unpack(header string) ([]byte, bool) {
	if len(header) > maxHeader {
		return nil, false
	}
	compact := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		default:
			return r
		}
	}, header)
	raw, err := base64.RawStdEncoding.DecodeString(compact)
	return raw, err == nil
}

// platform asks the telling fields in turn, and the User-Agent where none of
// them tells, or tells no more than Linux: many a television runs on it.
func (d described) platform(userAgent string) Platform {
	model, system := fold(string(d.Model)), fold(string(d.OSName))
	amazon := fold(string(first(d.Manufacturer, d.Vendor))) == "amazon"
	switch {
	// These run a system that is named after another platform.
	case strings.HasPrefix(model, "aft"), amazon:
		return FireOS
	case strings.HasPrefix(model, "appletv"):
		return TVOS
	case strings.HasPrefix(model, "xbox"):
		return Xbox
	}
	guess := Other
	for _, field := range []string{system, fold(string(d.OSFamily)), model, fold(string(first(d.HardwareType, d.Type)))} {
		platform, known := named(field)
		if known && platform != Linux {
			return unlessBrowser(platform, d.BrowserName != "")
		}
		if known {
			guess = unlessBrowser(platform, d.BrowserName != "")
		}
	}
	for _, agent := range []string{string(d.UserAgent), userAgent} {
		if platform := fromUserAgent(agent); platform != Other && platform != Linux {
			return platform
		}
	}
	return guess
}

// named finds the platform whose name the folded text is, or begins with
// before a number: "android14", "webos60", "roku4660x".
func named(folded string) (Platform, bool) {
	if platform, known := aliases[folded]; known {
		return platform, platform != Other
	}
	if digit := strings.IndexAny(folded, "0123456789"); digit > 1 {
		platform, known := aliases[folded[:digit]]
		return platform, known && platform != Other
	}
	return Other, false
}

func first(values ...text) text {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

// clean makes a client's text fit for a log line.
func clean(value text) string {
	printable := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(value[:min(len(value), 4*maxField)]))
	if len(printable) <= maxField {
		return printable
	}
	cut := maxField
	for !utf8.RuneStart(printable[cut]) {
		cut--
	}
	return printable[:cut]
}
