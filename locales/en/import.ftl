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
