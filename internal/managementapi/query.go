package managementapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

const (
	usualPage   = 100
	largestPage = 1000
)

// parameter is one parameter of a query.
type parameter struct {
	name, means string
	// kind is text, number, moment, truth, id or one of the values.
	kind   kindOfParameter
	values []string
}

type kindOfParameter uint8

const (
	text kindOfParameter = iota
	number
	moment
	truth
	id
)

// The parameters that several operations share.
var (
	cursor     = parameter{name: "cursor", means: "Where to go on: the cursor of the part before. An answer without a cursor was the last part; a part can be empty and not the last."}
	limit      = parameter{name: "limit", means: "How many at most; lists that are searched can hold a few more.", kind: number}
	programmer = parameter{name: "programmer", means: "Only those of this programmer."}
	channel    = parameter{name: "channel", means: "Only those of this channel."}
	since      = parameter{name: "since", means: "Only those from this time on.", kind: moment}
	until      = parameter{name: "until", means: "Only those before this time.", kind: moment}
	living     = parameter{name: "living", means: "Whether to leave out what was revoked.", kind: truth}
	killKind   = parameter{name: "kind", means: "Only kills of this kind.", values: namesOf(revocation.Kinds)}
	setStatus  = parameter{name: "status", means: "Only those that stand there.", values: namesOf(management.SetStatuses)}

	list = []parameter{cursor, limit}
)

func namesOf[S ~string](values []S) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return names
}

// with adds parameters to those of every list.
func with(more ...parameter) []parameter { return append(slices.Clone(more), list...) }

// readQuery reads the parameters that an operation knows, each at most once:
// one that was misspelled must not widen a list.
func readQuery(r *http.Request, known []parameter) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault(Invalid, "", "the query cannot be read", "escape the values")
	}
	for name, given := range values {
		i := slices.IndexFunc(known, func(p parameter) bool { return p.name == name })
		switch {
		case i < 0:
			return nil, fault(Invalid, name, fmt.Sprintf("unknown parameter %q", name), "known here: "+namesIn(known))
		case len(given) > 1:
			return nil, fault(Invalid, name, fmt.Sprintf("the parameter %q is given more than once", name), "give it once")
		}
		if err := known[i].check(given[0]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func namesIn(known []parameter) string {
	if len(known) == 0 {
		return "none"
	}
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}

func (p parameter) check(given string) error {
	want := ""
	switch p.kind {
	case number:
		if n, err := strconv.Atoi(given); err != nil || n < 1 || n > largestPage {
			want = fmt.Sprintf("a number from 1 to %d", largestPage)
		}
	case moment:
		if _, err := time.Parse(time.RFC3339, given); err != nil {
			want = "a time such as 2025-11-24T16:00:00Z"
		}
	case truth:
		if given != "true" && given != "false" {
			want = "true or false"
		}
	case id:
		if parsed, err := uuid.Parse(given); err != nil || len(given) != 36 || parsed == uuid.Nil {
			want = "a UUID"
		}
	default:
		if len(p.values) > 0 && !slices.Contains(p.values, given) {
			want = "one of " + strings.Join(p.values, ", ")
		} else if given == "" {
			want = "a value; leave it out to filter by nothing"
		}
	}
	if want == "" {
		return nil
	}
	return fault(Invalid, p.name, fmt.Sprintf("got %q, want %s", given, want), "")
}
