# Bringing files in.

import-file-unreadable = The file cannot be opened: { $detail }. Check that it is still there and not open in another program, then choose it again.
import-file-empty = There is not one row in this file. Check that it is the right file, or choose the sheet that holds the table.
import-file-not-a-table = This is not a table. Save it as .xlsx or CSV and bring in that file.
import-file-web-page = This is a web page under the name of a table. Open it in Excel or LibreOffice, save it as .xlsx, and bring in that file.
import-file-old-excel = This is a workbook in an old or binary format of Excel. Open it and save it as .xlsx or CSV.
import-file-encrypted = This workbook has a password. Remove the password in Excel, save, and bring it in again.
import-file-other-archive = This archive holds something other than one table. Unpack it and bring in the .xlsx or CSV file in it.
import-file-damaged = The file is damaged or incomplete ({ $detail }). Open it in the program it comes from, save it anew as .xlsx or CSV, and try again.
import-file-bomb = Unpacked, this file would be far larger than a table of its size can be, so it was not read. If it is genuine, save it as CSV and bring in that.
import-file-too-many-strings = The workbook holds too much text to be read at once. Save the sheet as CSV and bring in that.
import-file-too-many-columns = The table has { $found } columns; at most { $most } are read. Delete the columns that you do not need and try again.
import-file-no-such-sheet = There is no sheet named “{ $name }”. The sheets are: { $sheets }.
import-file-unknown-encoding = “{ $name }” is not the name of an encoding. Leave it out to have it recognised, or use for example utf-8, windows-1256 or utf-16le.
import-file-changed = The file has changed since the import began, so it cannot go on from there. Undo this import and start again with the new file.

import-row-too-long = This row is too long ({ $bytes } bytes). Check whether a line break is missing, or shorten the texts in it.
import-row-too-many-cells = The row has { $found } cells but the table only { $columns } columns. Put the cell that contains the separator in quotation marks, or delete the extra cells.
import-row-cell-too-long = The text under “{ $column }” is too long ({ $characters } characters). Shorten it.
import-row-not-text = There are characters in this row that cannot be read. Save the file as UTF-8 and bring this row in again.
import-row-unclosed-quote = A quotation mark opens in this row and never closes. Add the closing mark or delete the opening one.
import-row-formula-error = The formula under “{ $column }” shows { $error }. Correct it or write the value itself.

import-header-duplicate = There is more than one column “{ $name }”; the later one is shown as “{ $renamed }”.
import-header-unnamed = Column { $column } has no name; it is shown by its number.
import-header-title-rows = { $rows } rows above the table were left out as its title.
import-header-none = The first row does not look like column names, so it counts as data and the columns go by number.

import-map-no-field = “{ $entry }” says no field. Write Column=field, and put a column name that contains a comma in quotation marks.
import-map-unclosed-quote = A quotation mark in the map does not close. Add it at the end of the column name.
import-map-unknown-column = The file has no column “{ $name }”. The columns are: { $columns }.
import-map-unknown-column-nearest = The file has no column “{ $name }”. Did you mean “{ $nearest }”? The columns are: { $columns }.
import-map-unknown-field = There is no field “{ $name }”. The fields are: { $fields }.
import-map-unknown-field-nearest = There is no field “{ $name }”. Did you mean “{ $nearest }”? The fields are: { $fields }.
import-map-column-twice = The column “{ $name }” is mapped twice. Keep one of the two.
import-map-field-twice = Two columns are mapped to “{ $field }”, which holds one value. Keep one of the two.
import-map-no-known-column = Not one column of this file is known, so there is nothing to bring in. The columns are: { $columns }. Say for at least one which field it is: { $fields }.

import-map-unknown = There is no saved map “{ $name }” for files of this kind.
import-map-field-missing = Such a file needs a column for: { $fields }. Say which column it is.

import-user-unknown = Nobody who works here is called “{ $name }”. Write their name or e-mail as under Settings, or leave the cell empty.
import-kind-unknown = “{ $word }” is not understood. Write person or organisation.
import-role-unknown = “{ $word }” is not understood. Write prospect, customer, supplier, partner or ended.
import-yes-no-unknown = “{ $word }” is not understood. Write yes or no.
import-amount-needed = Neither an amount nor a price is given. Fill in one of them.
import-duration-unknown = This is not a length of time. Write it as minutes:seconds, such as 5:30.
import-date-future = This day lies in the future. Correct it.
import-date-too-old = This day lies before 1900. Check the year and the calendar of the column.
import-currency-unknown = “{ $word }” is not a currency. Write its code, such as IRR, USD, or IRT for Toman.
import-two-parties = This row names two different customers. Correct the number that does not belong to this one.
import-party-out-of-sight = This customer is there already and belongs to somebody else. Ask a manager.
import-party-not-there = Nobody is known by these numbers, and only existing customers were to be changed.
import-customer-out-of-sight = This customer belongs to somebody else. Ask a manager.
import-customer-several = More than one customer answers to “{ $customer }”. Write a number that only one of them has.
import-customer-unknown = Nobody is known as “{ $customer }”, and no new customers were to be added.
import-invoice-other-customer = This invoice number is there already with another customer. Check the number and the customer.
import-invoice-other-currency = This invoice number is there already in another currency. Check the number and the currency.

import-started-before = This import has been started before.
import-not-running = This import is not running.
import-not-to-undo = Only an import that has ended or was stopped can be undone, and only once.
import-in-work = This import is being worked on right now, here or in another window.

# Pages
imports-sub = Customers, purchases and contacts from Excel or CSV, with a look before anything is stored
imports-drop = Drop the file here
imports-drop-hint = or press to choose it · xlsx, csv, also packed with gzip · up to 2 GB
imports-sending = Sending the file
imports-go-on = Continue
imports-promise = Nothing is stored before you have seen how it will be.
imports-upload-broken = The file did not arrive whole ({ $detail }). Send it again; a file of more than 2 GB is brought in from the command line.
imports-file-needed = Choose a file first.
imports-none = No file has been brought in yet
imports-none-why = A customer list from Excel is enough to begin: drop it above, see how its columns are understood, start.
imports-list = Imports
imports-file = File
imports-stand = State
imports-rows = Rows
imports-when = When
imports-older = Older
imports-more = More
imports-state-draft = To be confirmed
imports-state-ready = Waiting
imports-state-running = Running
imports-state-stopped = Stopped
imports-state-done = Done
imports-state-failed = Broken off
imports-state-undoing = Being undone
imports-state-undone = Undone
imports-kind = What the rows are
imports-kind-parties = Customers
imports-kind-purchases = Purchases
imports-kind-interactions = Contacts
imports-mode = When the customer is there already
imports-mode-create = Leave them as they are, only add new ones
imports-mode-update = Fill them in, add no new ones
imports-mode-upsert = Fill them in, and add new ones
imports-currency = Amounts are in
imports-toman = Toman
imports-rial = Rial
imports-use-map = As an earlier file
imports-map-title = What the columns mean
imports-columns = Columns of the file
imports-column = Column
imports-sample = Sample
imports-field = In Peyvand
imports-skip = Leave out
imports-column-is = What column { $column } is
imports-calendar-of = Calendar of column { $column }
imports-calendar-jalali = Solar Hijri
imports-calendar-gregorian = Gregorian
imports-calendar-hijri = Lunar Hijri
imports-preview = The first rows as they will be
imports-preview-none = Say what the columns mean to see the first rows.
imports-becomes = Will be
imports-will-created = added
imports-will-updated = filled in
imports-will-unchanged = unchanged
imports-will-rejected = rejected
imports-row = Row
imports-see = Show
imports-save-map = Keep this for the next file as
imports-save-map-hint = A name such as “monthly from the till”. A file with the same columns is then understood at once.
imports-start = Bring in
imports-discard = Discard the file
imports-discarded = The file was discarded; nothing was stored.
imports-rows-done = { $count ->
    [one] 1 row
   *[other] { $count } rows
  }
imports-rate = { $rate } a second
imports-minutes-left = { $minutes ->
    [one] about 1 minute left
   *[other] about { $minutes } minutes left
  }
imports-seconds-left = { $seconds ->
    [one] about 1 second left
   *[other] about { $seconds } seconds left
  }
imports-progress = How much of the file is done
imports-stop = Stop
imports-resume = Go on
imports-leave = You may leave this page; it goes on.
imports-counts = What became of the rows
imports-count-created = Added
imports-count-updated = Filled in
imports-count-unchanged = Unchanged
imports-count-rejected = Rejected
imports-customers-created = Customers added because a row named them: { $count }
imports-lines-without-customer = Lines without a customer, kept as such: { $count }
imports-refunds = Lines that give something back: { $count }
imports-undone-removed = Removed: { $count }
imports-undone-reverted = Put back as they were: { $count }
imports-undone-kept = Kept, because somebody worked with them since: { $count }
imports-see-customers = To the customers
imports-download-rejects = Download rejected rows
imports-rejects = Rejected rows
imports-rejects-hint = Download them, correct them in Excel and bring that file in: only these rows are in it.
imports-why = What is wrong
imports-cells = In the file
imports-reject-column = Problem found
imports-reject-file = rejected
imports-undo = Undo this import
imports-undo-what = What this file added is removed and what it changed is put back, except where somebody has worked with it since.
imports-undo-do = Undo it
imports-undo-begun = The import is being undone.

imports-field-invoice = Invoice number
imports-field-date = Date
imports-field-customer = Customer (any number or name)
imports-field-product = Product code
imports-field-product-name = Product name
imports-field-quantity = Quantity
imports-field-unit-price = Price of one
imports-field-amount = Amount
imports-field-discount = Discount
imports-field-currency = Currency
imports-field-country = Country
imports-field-channel = Channel
imports-field-direction = Direction
imports-field-reason = Reason
imports-field-origin = Origin
imports-field-result = Result
imports-field-duration = Duration
imports-field-text = What was said
imports-field-staff = Colleague
imports-field-name = Full name
imports-field-kind = Person or organisation
imports-field-first-name = First name
imports-field-last-name = Last name
imports-field-honorific = Form of address
imports-field-father-name = Father’s name
imports-field-organisation = Organisation
imports-field-national-id = National ID
imports-field-legal-id = National ID of a company
imports-field-birth-date = Birth date
imports-field-gender = Gender
imports-field-job = Job
imports-field-education = Education
imports-field-mobile = Mobile
imports-field-phone = Phone
imports-field-email = E-mail
imports-field-province = Province
imports-field-city = City
imports-field-address = Address
imports-field-postal-code = Postal code
imports-field-code = Customer code
imports-field-external-id = ID in another program
imports-field-source = How they found us
imports-field-owner = Who looks after them
imports-field-tags = Tags
imports-field-notes = Note
imports-field-note = Note
imports-field-role = Role
imports-field-consent-sms = Consent to SMS
imports-field-consent-email = Consent to e-mail
