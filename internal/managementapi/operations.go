package managementapi

// version1 begins the paths of everything that management offers.
const version1 = Prefix + "v1/"

// operations is all that the API offers.
var operations = []operation{
	{"GET", version1 + "me", showMe},
}
