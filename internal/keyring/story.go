package keyring

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// Stage is where in its life a key is.
type Stage string

const (
	// Next is published and does not sign yet.
	Next Stage = "next"
	// Signs is the key that is used for what is new.
	Signs Stage = "signing"
	// Verifies is used for what it signed before.
	Verifies Stage = "verifying"
	// Killed was revoked, with all that it signed.
	Killed Stage = "revoked"
	// Unreadable cannot be used at this gateway: it lacks the means to unseal it.
	Unreadable Stage = "unreadable"
)

// Stages lists the closed set.
var Stages = []Stage{Next, Signs, Verifies, Killed, Unreadable}

// lastHeard is how long after a successor begins the old key may still sign, at
// a gateway that has not heard of it: far longer than one goes on without the
// store.
const lastHeard = time.Hour

// yearly is when a key becomes due to be replaced. It is a year for no better
// reason than that a habit needs a date; the alert DCRKeyOld says the same.
const yearly = 365 * 24 * time.Hour

// Story is what there is to tell of one key.
type Story struct {
	Use        state.KeyUse
	Generation uint32
	ID         string
	Algorithm  string
	Stage      Stage
	// Sealed says that it is encrypted in the store.
	Sealed bool
	// Published says that it stands in the JWKS.
	Published            bool
	CreatedAt, SignsFrom time.Time
	// DueAt is when it should be replaced; zero where nobody gains from it.
	DueAt time.Time
	// EndsAt is when nothing that it signed is valid any more, and it is
	// removed; zero is never, as far as one can say.
	EndsAt time.Time
}

// Stories tells of every key in the store, by use and age. signing says which
// algorithm is used now for what is new.
func (r *Ring) Stories(signing map[state.KeyUse]jws.Algorithm) []Story {
	now, records := r.replica.Now().UnixMilli(), r.replica.Keys()
	stories := make([]Story, 0, len(records))
	for i := range records {
		record := &records[i]
		s := Story{
			Use: record.Use, Generation: record.Generation, ID: record.ID, Algorithm: record.Algorithm, Sealed: record.Sealed,
			CreatedAt: time.UnixMilli(record.CreatedAt).UTC(), SignsFrom: time.UnixMilli(record.SignsFrom).UTC(),
			EndsAt: r.endOf(record, records),
		}
		readable := slices.ContainsFunc(r.current.Load().entries, func(e entry) bool { return e.record.ID == record.ID })
		switch {
		case r.killed(record.ID):
			s.Stage = Killed
		case !readable:
			s.Stage = Unreadable
		case record.SignsFrom > now:
			s.Stage = Next
		case record.Algorithm == string(signing[record.Use]) && !r.superseded(record, records, now):
			s.Stage = Signs
		default:
			s.Stage = Verifies
		}
		s.Published = record.Use != state.KeyForSecrets && readable && s.Stage != Killed && !jws.Algorithm(record.Algorithm).Symmetric()
		if (s.Stage == Next || s.Stage == Signs) && record.Use != state.KeyForSecrets {
			s.DueAt = s.SignsFrom.Add(yearly)
		}
		stories = append(stories, s)
	}
	slices.SortStableFunc(stories, func(a, b Story) int {
		return cmp.Or(cmp.Compare(slices.Index(state.KeyUses, a.Use), slices.Index(state.KeyUses, b.Use)), cmp.Compare(b.Generation, a.Generation))
	})
	return stories
}

// Due tells how long until the key of the use that is used now is due to be
// replaced, in whatever algorithm; false while there is none, or where nobody
// gains from it.
func (r *Ring) Due(use state.KeyUse) (time.Duration, bool) {
	age, found := r.Age(use)
	return yearly - age, found && use != state.KeyForSecrets
}

// superseded says whether another key is used in the record's place now.
func (r *Ring) superseded(record *state.SigningKey, all []state.SigningKey, now int64) bool {
	return slices.ContainsFunc(all, func(other state.SigningKey) bool {
		return other.Replaces(record) && other.SignsFrom <= now && !r.killed(other.ID)
	})
}

// endOf is when the last token that the key signed has expired. Statements do
// not expire, nor do secrets: their keys never end.
func (r *Ring) endOf(record *state.SigningKey, all []state.SigningKey) time.Time {
	var end time.Time
	if record.Use != state.KeyForTokens {
		return end
	}
	for i := range all {
		if all[i].Replaces(record) && !r.killed(all[i].ID) {
			last := time.UnixMilli(max(all[i].SignsFrom, record.SignsFrom)).Add(token.LongestLifetime + lastHeard).UTC()
			if end.IsZero() || last.Before(end) {
				end = last
			}
		}
	}
	return end
}

// Retire removes the keys that have ended, with their private parts.
func (r *Ring) Retire(ctx context.Context) error {
	records, now := r.replica.Keys(), r.replica.Now()
	for i := range records {
		end := r.endOf(&records[i], records)
		if end.IsZero() || end.After(now) {
			continue
		}
		if err := r.records.RemoveSigningKey(ctx, records[i].Use, records[i].Generation); err != nil {
			return err
		}
		r.logger.Info("removed a key: nothing that it signed is valid any more", "use", string(records[i].Use), "id", records[i].ID)
	}
	return nil
}
