package console

// done says what came of a change. The set is closed: nothing else that stands
// in an address is ever shown as a message.
type done string

const (
	doneGathered   done = "gathered"
	doneCreated    done = "created"
	doneUpdated    done = "updated"
	doneDeleted    done = "deleted"
	doneRevoked    done = "revoked"
	doneWas        done = "was_revoked"
	donePartly     done = "revoked_partly"
	doneLifted     done = "lifted"
	doneRemoved    done = "removed"
	doneDiscarded  done = "discarded"
	donePushed     done = "pushed"
	doneRolledBack done = "rolled_back"
	doneBegun      done = "begun"
	doneRotated    done = "rotated"
)

// notice is a message at the head of a page.
type notice struct {
	State, Text string
}

var notices = map[done]*notice{
	doneGathered:   {"draft", "Added to this change set. Nothing has changed yet: push the set when it is complete."},
	doneCreated:    {"live", "Created. It is in effect on every gateway that reports."},
	doneUpdated:    {"live", "Changed. It is in effect on every gateway that reports."},
	doneDeleted:    {"live", "Deleted."},
	doneRevoked:    {"stopped", "Revoked. Every gateway that reports refuses it now."},
	doneWas:        {"info", "It was revoked before. The first reason stands."},
	donePartly:     {"draft", "Revoked, and stored. Not every gateway has said yet that it refuses it: look again, and at the gateways that are silent."},
	doneLifted:     {"live", "Lifted. What was issued before stays dead."},
	doneRemoved:    {"info", "Taken out of the change set."},
	doneDiscarded:  {"info", "The draft is gone. Nothing was changed."},
	donePushed:     {"live", "Pushed. All of it took effect at once."},
	doneRolledBack: {"info", "Rolled back, as far as it can be. What stays is said at each change."},
	doneBegun:      {"info", "The draft is empty. Whatever you edit now can be added to it."},
	doneRotated:    {"live", "A new key is published. It signs as soon as everybody can have read it."},
}
