package explain

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// Limit is the longest form of an entry, in bytes. What does not fit is left
// out, from the end of the list below.
const Limit = 1024

// How much is kept of a text.
const (
	longestWord   = 64
	longestText   = 160
	longestPath   = 256
	longestMethod = 16
	longestNaming = 8 // things that one request names
)

// field is a member of the stored form: a number, and whether a number or a
// text follows. Numbers are never used again, and readers pass over those that
// they do not know, so that gateways of two versions can share a store.
type field byte

const isText field = 0x80

const (
	fTrace          field = 1 | isText
	fAt             field = 2
	fGateway        field = 3 | isText
	fDecider        field = 4 | isText
	fReason         field = 5 | isText
	fStatus         field = 6
	fMethod         field = 7 | isText
	fPath           field = 8 | isText
	fProfile        field = 9 | isText
	fRoute          field = 10 | isText
	fAddress        field = 11 | isText
	fClient         field = 12 | isText
	fApplication    field = 13 | isText
	fStatement      field = 14 | isText
	fTokenID        field = 15 | isText
	fProven         field = 16
	fToken          field = 17 | isText
	fExpiresAt      field = 18
	fTokenIssuedAt  field = 19
	fClientIssuedAt field = 20
	fRefusedKind    field = 21 | isText
	fRefusedValue   field = 22 | isText
	fRefusedMissing field = 23
	fMissingName    field = 24 | isText
	fMissingPlace   field = 25 | isText
	fDetail         field = 26 | isText
	fRetryAfter     field = 27
	fNeeded         field = 28 | isText
	fHad            field = 29 | isText
	fPlatform       field = 30 | isText
	fIssuer         field = 31 | isText
	fKey            field = 32 | isText
	fStatementKey   field = 33
	fNamedKind      field = 34 | isText
	fNamedValue     field = 35 | isText
	fNamedMissing   field = 36
)

// Encode gives the entry's stored form.
func (e *Entry) Encode() []byte {
	var w writer
	e.encode(&w)
	return append([]byte(nil), w.data()...)
}

func (e *Entry) encode(w *writer) {
	w.id(fTrace, e.Trace)
	w.number(fAt, e.At)
	w.text(fGateway, e.Gateway, longestWord)
	w.text(fDecider, string(e.Decider), longestWord)
	w.text(fReason, e.Reason, longestWord)
	w.number(fStatus, int64(e.Status))
	w.text(fMethod, e.Method, longestMethod)
	w.text(fPath, e.Path, longestPath)
	w.text(fProfile, e.Profile, longestWord)
	w.text(fRoute, e.Route, longestText)
	w.address(e.Address)
	w.subject(&e.Subject)
	w.truth(fProven, e.Proven)
	w.text(fToken, e.Token, longestWord)
	w.number(fExpiresAt, e.ExpiresAt)
	w.named(fRefusedKind, fRefusedValue, fRefusedMissing, &e.Refused)
	w.text(fMissingName, e.Missing.Name, longestWord)
	w.text(fMissingPlace, string(e.Missing.In), longestWord)
	w.text(fDetail, e.Detail, longestText)
	w.number(fRetryAfter, e.RetryAfter)
	w.words(fNeeded, e.Needed)
	w.words(fHad, e.Had)
	w.text(fPlatform, e.Subject.Platform, longestWord)
	w.text(fIssuer, e.Subject.Issuer, longestText)
	w.text(fKey, e.Subject.KeyID, longestWord)
	for i := range min(len(e.Named), longestNaming) {
		w.named(fNamedKind, fNamedValue, fNamedMissing, &e.Named[i])
	}
}

// writer takes fields as long as they fit. It is an array, and not a slice, so
// that it stays on the stack.
type writer struct {
	b [Limit]byte
	n int
}

func (w *writer) data() []byte { return w.b[:w.n] }

// fits says whether there is room for a field of that size.
func (w *writer) fits(size int) bool {
	const head = 1 + binary.MaxVarintLen16
	return w.n+head+size <= len(w.b)
}

func (w *writer) begin(f field, size int) {
	w.b[w.n] = byte(f)
	w.n += 1 + binary.PutUvarint(w.b[w.n+1:], uint64(size))
}

func (w *writer) number(f field, value int64) {
	if value != 0 && w.fits(binary.MaxVarintLen64) {
		w.b[w.n] = byte(f)
		w.n += 1 + binary.PutVarint(w.b[w.n+1:], value)
	}
}

func (w *writer) truth(f field, value bool) {
	if value {
		w.number(f, 1)
	}
}

// text keeps the beginning of what is too long, and says that it did.
func (w *writer) text(f field, text string, longest int) {
	const cut = "..."
	tail := ""
	if len(text) > longest {
		text, tail = text[:longest-len(cut)], cut
	}
	if size := len(text) + len(tail); size > 0 && w.fits(size) {
		w.begin(f, size)
		w.n += copy(w.b[w.n:], text)
		w.n += copy(w.b[w.n:], tail)
	}
}

func (w *writer) id(f field, id uuid.UUID) {
	if id != uuid.Nil && w.fits(len(id)) {
		w.begin(f, len(id))
		w.n += copy(w.b[w.n:], id[:])
	}
}

func (w *writer) address(address netip.Addr) {
	const longest = 64 // with a zone, which is the name of an interface
	if !address.IsValid() || len(address.Zone()) > 16 || !w.fits(longest) {
		return
	}
	var text [longest]byte
	size := len(address.AppendTo(text[:0]))
	w.begin(fAddress, size)
	w.n += copy(w.b[w.n:], text[:size])
}

// words writes as much of a list as there is room for, with blanks between,
// which none of its words has.
func (w *writer) words(f field, words []string) {
	size, count := 0, 0
	for count < len(words) && size+len(words[count]) <= longestText && w.fits(size+len(words[count])) {
		size += len(words[count]) + 1
		count++
	}
	if count == 0 {
		return
	}
	w.begin(f, size-1)
	for i, word := range words[:count] {
		if i > 0 {
			w.b[w.n] = ' '
			w.n++
		}
		w.n += copy(w.b[w.n:], word)
	}
}

func (w *writer) named(kind, value, missing field, n *endpoint.Named) {
	if n.Names == "" {
		return
	}
	w.text(kind, string(n.Names), longestWord)
	w.text(value, n.Value, longestWord)
	w.truth(missing, n.Missing)
}

func (w *writer) subject(s *revocation.Subject) {
	w.id(fClient, s.ClientID)
	w.id(fApplication, s.ApplicationID)
	w.id(fStatement, s.StatementID)
	w.id(fTokenID, s.TokenID)
	w.number(fTokenIssuedAt, s.TokenIssuedAt)
	w.number(fClientIssuedAt, s.ClientIssuedAt)
	w.number(fStatementKey, int64(s.StatementKey))
}
