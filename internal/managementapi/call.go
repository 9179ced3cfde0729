package managementapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// call is one request of somebody, read as far as all have it in common.
type call struct {
	r       *http.Request
	service *management.Service
	who     access.Actor
	query   url.Values
	body    []byte
	terms   terms
}

// terms are on what terms something is to be changed.
type terms struct {
	// key makes what is asked for twice happen once.
	key string
	// version is what the thing must be; empty is anything.
	version string
}

// readTerms reads the header fields that say so.
func readTerms(r *http.Request, op operation) (terms, error) {
	var t terms
	if op.creates {
		lines := r.Header.Values("Idempotency-Key")
		if len(lines) > 1 || len(lines) == 1 && lines[0] == "" {
			return t, fault(Invalid, fieldOfKey, "the header Idempotency-Key has to be there once, with a value, or not at all", "take a new random one, such as a UUID, for each thing")
		}
		t.key = strings.Join(lines, "")
	}
	if !op.tagged && !op.seen {
		return t, nil
	}
	lines := r.Header.Values("If-Match")
	switch {
	case len(lines) == 0 && op.seen:
		return t, fault(PreconditionRequired, "If-Match", "the header If-Match is missing",
			"send the ETag of what you saw, or * for whatever it is now")
	case len(lines) == 0 || len(lines) == 1 && lines[0] == "*":
		return t, nil
	}
	tag, opens := strings.CutPrefix(strings.TrimSpace(lines[0]), `"`)
	tag, closes := strings.CutSuffix(tag, `"`)
	if len(lines) > 1 || !opens || !closes || tag == "" || strings.ContainsAny(tag, `",`) {
		return t, fault(Invalid, "If-Match", "want one strong entity tag, or *", `such as "0123456789abcdef", with the quotes`)
	}
	t.version = tag
	return t, nil
}

func (c *call) ctx() context.Context { return c.r.Context() }

// asked is the call as management wants it.
func (c *call) asked() management.Call {
	return management.Call{Actor: c.who, Key: c.terms.key, IfVersion: c.terms.version}
}

// name is a part of the path.
func (c *call) name(part string) string { return c.r.PathValue(part) }

// id is a part of the path that is a UUID.
func (c *call) id(part string) (uuid.UUID, error) {
	return management.ParseID(part, c.r.PathValue(part))
}

// part is which part of a list is wanted. The API gives no list as a whole.
func (c *call) part() management.Part {
	return management.Part{Cursor: c.query.Get("cursor"), Limit: c.number("limit", usualPage)}
}

// number is a parameter that was found to be a number.
func (c *call) number(name string, otherwise int) int {
	if !c.query.Has(name) {
		return otherwise
	}
	var n int
	_, _ = fmt.Sscan(c.query.Get(name), &n) // readQuery has read it already
	return n
}

// moment is a parameter that was found to be a time, or the zero time.
func (c *call) moment(name string) time.Time {
	at, _ := time.Parse(time.RFC3339, c.query.Get(name))
	return at
}

func (c *call) truth(name string) bool { return c.query.Get(name) == "true" }
