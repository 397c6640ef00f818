package accounting

// Check holds an account to what can be told without the database, for whoever wants to know before [Service.CreateAccounts].
//
// Errors: accounting.bad_input, accounting.role_type.
func (in NewAccount) Check() error {
	const op = "accounting.NewAccount"
	if err := checkInput(op, "", in); err != nil {
		return err
	}
	a := in.row()
	return a.checkRole(op, "")
}

// Check holds a party to what can be told without the database, for whoever wants to know before [Service.CreateParties].
//
// Errors: accounting.bad_input.
func (in NewParty) Check() error { return checkInput("accounting.NewParty", "", &in) }

// Check holds the head of an entry, without its lines, to what can be told without the database.
//
// Errors: accounting.bad_input.
func (e *NewEntry) Check() error { return checkInput("accounting.NewEntry", "", e) }

// Check holds a dimension to what can be told without the database.
//
// Errors: accounting.bad_input.
func (in NewDimension) Check() error { return checkInput("accounting.NewDimension", "", in) }

// Check holds a value of a dimension to what can be told without the database.
//
// Errors: accounting.bad_input.
func (in NewDimensionValue) Check() error { return checkInput("accounting.NewDimensionValue", "", in) }
