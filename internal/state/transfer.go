package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Class says what a record is, by its key. The set is closed.
type Class string

const (
	ClassProgrammer  Class = "programmer"
	ClassChannel     Class = "channel"
	ClassProxyMVPD   Class = "proxy_mvpd"
	ClassScope       Class = "scope"
	ClassPlatform    Class = "platform"
	ClassApplication Class = "application"
	ClassStatement   Class = "statement"
	ClassClient      Class = "client"
	ClassKill        Class = "kill"
	ClassChangeSet   Class = "change_set"
	ClassAuditEntry  Class = "audit_entry"
	ClassAuditHead   Class = "audit_head"
	ClassKey         Class = "key"

	// ClassToken and what follows live by themselves, for hours or days, or are
	// made anew.
	ClassToken     Class = "token"
	ClassAssertion Class = "assertion"
	ClassAsked     Class = "asked"
	ClassCensus    Class = "census"
	ClassRefusal   Class = "refusal"
	ClassLease     Class = "lease"
	ClassNode      Class = "node"
)

// prefixes are those of each class. No class begins with another's.
var prefixes = map[Class]string{
	ClassProgrammer: programmerPrefix, ClassChannel: channelPrefix, ClassProxyMVPD: proxyMVPDPrefix, ClassScope: scopePrefix,
	ClassPlatform: platformPrefix, ClassApplication: applicationPrefix, ClassStatement: statementPrefix, ClassClient: clientPrefix,
	ClassKill: killPrefix, ClassChangeSet: changeSetPrefix, ClassAuditEntry: auditPrefix, ClassAuditHead: auditHeadKey, ClassKey: signingKeyPrefix,
	ClassToken: tokenPrefix, ClassAssertion: assertionPrefix, ClassAsked: askedPrefix, ClassCensus: censusKey, ClassRefusal: refusalPrefix,
	ClassLease: leasePrefix, ClassNode: "node",
}

// Kept are the classes that an export holds, in its order: what a kill can stop
// comes before the kills, so that a kill that is thrown meanwhile is not missed
// for what was exported before it, and the end of the audit comes last. Keys
// are asked for by themselves.
var Kept = []Class{
	ClassProgrammer, ClassChannel, ClassProxyMVPD, ClassScope, ClassPlatform, ClassApplication, ClassStatement, ClassClient,
	ClassKill, ClassChangeSet, ClassAuditEntry, ClassAuditHead,
}

// ClassOf says what the record under a key is, and false where nobody knows.
func ClassOf(key string) (Class, bool) {
	for class, prefix := range prefixes {
		if strings.HasPrefix(key, prefix) {
			return class, true
		}
	}
	return "", false
}

// Raw is a record as it is stored.
type Raw struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// Raws lists the records of a class as they are stored, a page at a time.
func (r Records) Raws(ctx context.Context, class Class, cursor string, limit int) ([]Raw, string, error) {
	return list(ctx, r.Store, prefixes[class], cursor, limit, func(key string, value []byte) (Raw, error) { return Raw{key, value}, nil })
}

// Restored says what became of a record that was put back.
type Restored string

const (
	// Written records were not there.
	Written Restored = "written"
	// Present records were there, and are the same.
	Present Restored = "present"
	// Conflicting records were there, and are others.
	Conflicting Restored = "conflict"
	// Overwritten records were others, and were put in their place.
	Overwritten Restored = "overwritten"
)

// Restore puts records back that an export holds. What is there and differs
// stays, unless it is to be overwritten. It can be done again at any time.
func (r Records) Restore(ctx context.Context, raws []Raw, overwrite bool, now time.Time) ([]Restored, error) {
	keys := make([]string, len(raws))
	for i, raw := range raws {
		if err := CheckRaw(raw); err != nil {
			return nil, err
		}
		keys[i] = raw.Key
	}
	for range 5 {
		done, err := r.restore(ctx, raws, keys, overwrite, now)
		if !errors.Is(err, plugins.ErrConflict) {
			return done, err
		}
		// Somebody wrote one of them meanwhile: look again.
	}
	return nil, fmt.Errorf("the records are being changed by others: %w", plugins.ErrUnavailable)
}

func (r Records) restore(ctx context.Context, raws []Raw, keys []string, overwrite bool, now time.Time) ([]Restored, error) {
	items, err := r.Store.Get(ctx, append(keys[:len(keys):len(keys)], auditHeadKey)...)
	if err != nil {
		return nil, err
	}
	if len(items) != len(keys)+1 {
		return nil, fmt.Errorf("the store answered for other keys than asked: %w", plugins.ErrUnavailable)
	}
	chain := items[len(keys)].Value != nil
	done := make([]Restored, len(raws))
	var appended []plugins.Write
	for i, raw := range raws {
		class, _ := ClassOf(raw.Key)
		there := items[i].Value
		w := plugins.Write{Key: raw.Key, Value: raw.Value, If: plugins.IfAbsent}
		var live bool
		if w.TTL, live = Lifetime(raw.Key, raw.Value, now); !live {
			done[i] = Present // it would have ended by now
			continue
		}
		done[i] = Written
		audit := class == ClassAuditEntry || class == ClassAuditHead
		switch {
		case there != nil && same(class, there, raw.Value):
			done[i] = Present
			continue
		case audit && (there != nil || chain), there != nil && !overwrite:
			// Two chains are never made one.
			done[i] = Conflicting
			continue
		case there != nil:
			done[i], w.If, w.Old = Overwritten, plugins.IfEqual, there
		}
		if strings.HasPrefix(raw.Key, plugins.ReplicaPrefix) {
			appended = append(appended, w)
		} else if err := r.Store.Put(ctx, w); err != nil {
			return nil, err
		}
	}
	if len(appended) > 0 {
		if _, err := r.Store.Append(ctx, appended...); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// CheckRaw refuses what no gateway could read again. Its error wraps
// [ErrNotARecord].
func CheckRaw(raw Raw) error {
	class, known := ClassOf(raw.Key)
	if !known {
		return fmt.Errorf("record %q: %w", raw.Key, ErrNotARecord)
	}
	if len(raw.Value) < 2 || raw.Value[0] != codecVersion {
		return fmt.Errorf("%s %q: %w", class, raw.Key, ErrNotARecord)
	}
	var err error
	switch class {
	case ClassClient:
		_, err = decodeClient(raw.Key, raw.Value)
	case ClassAuditEntry, ClassAuditHead, ClassChangeSet, ClassStatement:
	default:
		b := newViewBuilder()
		err = b.add(raw.Key, raw.Value)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotARecord, err)
	}
	return nil
}

// ErrNotARecord is wrapped for what is no record that this gateway can read.
var ErrNotARecord = errors.New("no record that this gateway can read")

// same compares two records. Two of one client differ by the day of its last
// use alone.
func same(class Class, a, b []byte) bool {
	if class == ClassClient {
		first, err := stamped(a, 1)
		second, err2 := stamped(b, 1)
		return err == nil && err2 == nil && bytes.Equal(first, second)
	}
	return bytes.Equal(a, b)
}

// Lifetime says how much longer a record has to be kept at the least, where it
// ends by itself: zero is for ever. It says false of one that has ended. What
// is kept longer than it was meant to does no harm.
func Lifetime(key string, value []byte, now time.Time) (ttl time.Duration, live bool) {
	class, _ := ClassOf(key)
	switch class {
	case ClassToken:
		var t tokenRecord
		if decode(kindToken, value, &t) != nil {
			return 0, true
		}
		return until(t.ExpiresAt, now)
	case ClassKill:
		k, err := decodeKill(key, value)
		if err != nil || k.ExpiresAt == 0 {
			return 0, true
		}
		return until(k.ExpiresAt, now)
	case ClassAssertion:
		return longestAssertion, true
	case ClassAsked:
		return askedFor, true
	case ClassRefusal:
		return longestRefusal, true
	case ClassCensus:
		return longestCensus, true
	case ClassLease, ClassNode:
		return 0, false // which every gateway makes anew
	default:
		return 0, true
	}
}

const (
	// clockMargin keeps what expires a little longer, since clocks differ.
	clockMargin = 5 * time.Minute
	// The others are the longest that such a record is ever kept.
	longestAssertion = 10 * time.Minute
	longestRefusal   = 7 * 24 * time.Hour
	longestCensus    = 7 * 24 * time.Hour
)

func until(milliseconds int64, now time.Time) (time.Duration, bool) {
	left := time.UnixMilli(milliseconds).Sub(now) + clockMargin
	return max(left, 0), left > 0
}

// AuditSeqOf reads the number of an audit entry from its key.
func AuditSeqOf(key string) (uint64, bool) {
	number, _, _ := strings.Cut(strings.TrimPrefix(key, auditPrefix), "/")
	seq, err := strconv.ParseUint(number, 10, 64)
	return seq, err == nil
}
